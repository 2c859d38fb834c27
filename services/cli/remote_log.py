"""A service's log as it is read over HTTP: for a rebuild that knows no database password and no broker's retention."""

import asyncio
from typing import Any

from services.cli.client import Api
from shared import wire
from shared.envelope import Record


class RemoteLog:
    """The read side of an event log behind `GET /internal/v1/logs/{log}`. Every method raises `CliError`."""

    def __init__(self, api: Api, service: str, name: str) -> None:
        self.name = name
        self._api = api
        self._service = service

    async def read(self, after: int, limit: int) -> list[Record]:
        query = {"after": after, "limit": limit}
        lines = self._api.lines(self._service, f"/internal/v1/logs/{self.name}", query)
        return [wire.record(line) async for line in lines]

    async def head(self) -> int:
        return (await standing(self._api, self._service, self.name))["head"]

    async def wait(self, after: int, seconds: float) -> None:
        """A rebuild stops at the head; it never waits for more."""
        await asyncio.sleep(0)


async def standing(api: Api, service: str, log: str) -> dict[str, Any]:
    """Where a log stands: its head, and how far it is published."""
    return await api.get(service, f"/internal/v1/logs/{log}/head")
