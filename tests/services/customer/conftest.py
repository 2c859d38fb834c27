from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.customer.app import compose
from shared.runtime import Settings, host
from support.hosted import Hosted, hosted


@dataclass
class Bank:
    """A running customer service with a head office, two branches and one customer with an account at the first."""

    hosted: Hosted
    head: str
    branch: str
    other_branch: str
    customer: str
    account: str

    @property
    def admin(self) -> httpx.AsyncClient:
        return self.hosted.admin

    def client(self, role: str, institution: str | None = None) -> httpx.AsyncClient:
        return self.hosted.client(role, institution)

    async def post(self, path: str, body: dict[str, Any], status: int = 201, **headers: str) -> dict[str, Any]:
        answer = await self.admin.post(path, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def get(self, path: str, position: str = "", status: int = 200, **parameters: Any) -> dict[str, Any]:
        query = parameters | ({"min_position": position} if position else {})
        answer = await self.admin.get(path, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def register(self, **given: Any) -> dict[str, Any]:
        body = {"kind": "personal", "institution_id": self.branch, "name": "Wang Fang"} | given
        return await self.post("/v1/customers", body)

    def transaction(self, reference: str, **given: Any) -> dict[str, Any]:
        return {
            "reference": {"system": "core", "id": reference},
            "account_id": self.account,
            "credit_debit_indicator": "CRDT",
            "amount": {"amount": "12.50", "currency": "CNY"},
            "booking_date": "2026-02-01",
            "initiated_by": "customer",
        } | given


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[Bank]:
    async with hosted(compose, tmp_path) as running:
        yield await founded(running)


@pytest.fixture
def found() -> Callable[[Hosted], Awaitable[Bank]]:
    return founded


async def founded(running: Hosted) -> Bank:
    new = Bank(running, "", "", "", "", "")

    async def institution(name: str, level: str, **given: Any) -> str:
        return (await new.post("/v1/institutions", {"name": name, "level": level} | given))["id"]

    new.head = await institution("Head office", "head_office")
    new.branch = await institution("Harbour", "branch", parent_id=new.head)
    new.other_branch = await institution("Hill", "branch", parent_id=new.head)
    new.customer = (await new.register(contact={"phone": "+86 21 5555 0100"}))["id"]
    account = {"customer_id": new.customer, "product": "demand_deposit", "currency": "CNY", "since": "2026-01-01"}
    opened = await new.post("/v1/accounts", account)
    new.account = opened["id"]
    await new.get(f"/v1/accounts/{new.account}", opened["position"])
    return new


@pytest.fixture
def bank_app(tmp_path: Path) -> FastAPI:
    settings = Settings(data=tmp_path, jwks="jwks.json", metrics_port=0)
    return host([compose(settings)], settings)
