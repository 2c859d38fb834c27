"""A real application on a temporary data folder, driven over ASGI with its whole lifecycle."""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from shared.runtime import Service, Settings, host


class Hosted:
    """Clients of one running application; the first is the core banking system with every right."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self._transport = httpx.ASGITransport(app)
        self.admin = self.client("admin")

    def client(self, role: str, institution: str | None = None) -> httpx.AsyncClient:
        """A caller of this role, for one institution's subtree or the whole bank."""
        token = self.app.state.issuer.mint(role, institution=institution)
        return self.stranger({"Authorization": f"Bearer {token}"})

    def stranger(self, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
        """A caller without a token."""
        return httpx.AsyncClient(transport=self._transport, base_url="http://bank.test", headers=headers)


@asynccontextmanager
async def hosted(
    compose: Callable[[Settings], Service] | Sequence[Callable[[Settings], Service]], data: Path, **given: Any
) -> AsyncIterator[Hosted]:
    """One or several services in one process, on SQLite as in embedded mode unless the settings given say otherwise."""
    settings = Settings(data=data, metrics_port=0, **given)
    composers = [compose] if callable(compose) else list(compose)
    app = host([one(settings) for one in composers], settings)
    async with app.router.lifespan_context(app):
        yield Hosted(app)


def ndjson(bodies: Iterable[Any]) -> bytes:
    """One body per line."""
    return b"".join(json.dumps(body).encode() + b"\n" for body in bodies)


async def send_lines(client: httpx.AsyncClient, path: str, content: bytes) -> tuple[list[dict[str, Any]], Any]:
    """The verdicts of a bulk request in order, and its summary."""
    answer = await client.post(path, content=content, headers={"content-type": "application/x-ndjson"})
    assert answer.status_code == 200, answer.text
    *verdicts, last = [json.loads(line) for line in answer.text.splitlines()]
    return verdicts, last["summary"]
