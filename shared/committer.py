"""Group commit: many callers, one append, one verdict each. It makes the single writer lock cheap."""

import asyncio
from collections.abc import Sequence
from typing import TypeAlias

from shared.log import Append, EventLog, LogUnavailable, Verdict

Waiting: TypeAlias = tuple[Append, "asyncio.Future[Verdict]"]


class Overloaded(Exception):
    """The queue is full: nothing was recorded; try again later."""


class Committer:
    """Queues commands and appends them in groups, in queue order.

    Args:
        log: where to append.
        limit: commands that may wait; beyond it `submit` raises `Overloaded` at once.
        group: commands of one append at most.
    """

    def __init__(self, log: EventLog, *, limit: int = 10_000, group: int = 500) -> None:
        self._log = log
        self._group = group
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue(limit)

    async def submit(self, command: Append) -> Verdict:
        """The verdict of one command. Raises `Overloaded`, or the log's infrastructure error."""
        return await self._enqueue(command)

    async def submit_many(self, commands: Sequence[Append]) -> list[Verdict]:
        """The verdicts of commands in order, waiting for room in the queue: bulk callers are slowed, not refused."""
        futures: list[asyncio.Future[Verdict]] = []
        for command in commands:
            future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
            await self._queue.put((command, future))
            futures.append(future)
        return list(await asyncio.gather(*futures))

    async def run(self) -> None:
        """Append groups until cancelled; then finish what is queued, so that no caller is left without a verdict."""
        try:
            while True:
                await self._commit([await self._queue.get()])
        except asyncio.CancelledError:
            await self._drain()
            raise

    def _enqueue(self, command: Append) -> "asyncio.Future[Verdict]":
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait((command, future))
        except asyncio.QueueFull:
            raise Overloaded("the commit queue is full") from None
        return future

    async def _drain(self) -> None:
        while not self._queue.empty():
            await self._commit([self._queue.get_nowait()])

    async def _commit(self, group: list[Waiting]) -> None:
        while len(group) < self._group and not self._queue.empty():
            group.append(self._queue.get_nowait())
        append = asyncio.ensure_future(self._append(group))
        try:
            await asyncio.shield(append)
        except asyncio.CancelledError:
            await append
            raise

    async def _append(self, group: list[Waiting]) -> None:
        try:
            verdicts = await self._log.append([command for command, _ in group])
        except LogUnavailable as error:
            _fail(group, error)
        except Exception as error:
            await self._one_by_one(group, error)
        else:
            for (_, future), verdict in zip(group, verdicts, strict=True):
                if not future.done():
                    future.set_result(verdict)

    async def _one_by_one(self, group: list[Waiting], error: Exception) -> None:
        """One command's data must not fail its neighbours'."""
        if len(group) == 1:
            _fail(group, error)
            return
        for waiting in group:
            await self._append([waiting])


def _fail(group: list[Waiting], error: Exception) -> None:
    for _, future in group:
        if not future.done():
            future.set_exception(error)
