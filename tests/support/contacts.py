"""A small bank behind the real API: two branches under a head office, a customer in each."""

from dataclasses import dataclass
from typing import Any

import httpx

from support.hosted import Hosted


@dataclass
class Bank:
    """Ids, and callers: `admin` sees everything, `officer` and `other` one branch each."""

    app: Hosted
    head: str
    branch: str
    elsewhere: str
    customer: str
    stranger: str
    admin: httpx.AsyncClient
    officer: httpx.AsyncClient
    other: httpx.AsyncClient


async def opened(app: Hosted) -> Bank:
    """The bank, registered over HTTP."""
    admin = app.admin
    head = await post(admin, "/v1/institutions", {"name": "Head", "level": "head_office"})
    branch = await post(admin, "/v1/institutions", {"name": "Harbour", "level": "branch", "parent_id": head["id"]})
    elsewhere = await post(admin, "/v1/institutions", {"name": "Hill", "level": "branch", "parent_id": head["id"]})
    customer = await post(admin, "/v1/customers", person("Ada", branch["id"]))
    stranger = await post(admin, "/v1/customers", person("Bob", elsewhere["id"]))
    return Bank(
        app,
        head["id"],
        branch["id"],
        elsewhere["id"],
        customer["id"],
        stranger["id"],
        admin,
        app.client("branch_manager", branch["id"]),
        app.client("branch_manager", elsewhere["id"]),
    )


def person(name: str, institution_id: str) -> dict[str, Any]:
    return {"kind": "personal", "institution_id": institution_id, "name": name}


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    """The receipt; creating answers 201, commands 200."""
    answer = await client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def refused(client: httpx.AsyncClient, path: str, body: dict[str, Any], status: int, code: str) -> dict[str, Any]:
    """The problem."""
    answer = await client.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return answer.json()


async def get(
    client: httpx.AsyncClient, path: str, receipt: dict[str, Any], expected: int = 200, /, **query: Any
) -> Any:
    """What a read shows that has seen the receipt's position."""
    answer = await client.get(path, params={"min_position": receipt["position"], **query})
    assert answer.status_code == expected, answer.text
    return answer.json()
