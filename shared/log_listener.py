"""PostgreSQL's LISTEN, kept alive: it only makes waiting shorter, nothing depends on it."""

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg

from shared.database import Database
from shared.log_growth import Growth

CHANNEL = "guanxi_log"
RECONNECT = 1.0
"""Seconds before connecting again after the connection was lost."""


class Listener:
    """Wakes the waiting readers of a log when any replica appends."""

    def __init__(self, database: Database, growth: Growth) -> None:
        self._database = database
        self._growth = growth
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Listen from now on; calling it again changes nothing."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="log-listener")

    async def stop(self) -> None:
        """Stop listening and close the connection; idempotent."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _run(self) -> None:
        while True:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._listen()
            await asyncio.sleep(RECONNECT)

    async def _listen(self) -> None:
        connection = await self._database.dedicated()
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(CHANNEL, self._grown)
            await lost.wait()
        finally:
            connection.terminate()

    def _grown(self, *_: Any) -> None:
        self._growth.grown()
