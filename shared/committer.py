"""Group commit: many callers, one append, one verdict each. It makes the single writer lock cheap."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeAlias

from shared.log import Append, EventLog, LogUnavailable, Unrecordable, Verdict

Waiting: TypeAlias = tuple[Append, "asyncio.Future[Verdict]"]


class Overloaded(Exception):
    """The queue is full or closed: nothing was recorded; try again later."""


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
        self._putting = 0
        self._closed = False

    async def submit(self, command: Append) -> Verdict:
        """The verdict of one command. Raises `Overloaded`, `LogUnavailable` or `Unrecordable`."""
        self._refuse_when_closed()
        future = _future()
        try:
            self._queue.put_nowait((command, future))
        except asyncio.QueueFull:
            raise Overloaded("the commit queue is full") from None
        return await future

    async def submit_many(self, commands: Sequence[Append]) -> "list[Verdict | Unrecordable]":
        """The verdicts of commands in order, waiting for room in the queue: bulk callers are slowed, not refused.

        Raises `Overloaded` or `LogUnavailable`, when no command waits any more; some may have been recorded.
        """
        self._refuse_when_closed()
        futures = [_future() for _ in commands]
        self._putting += 1
        try:
            for waiting in zip(commands, futures, strict=True):
                await self._queue.put(waiting)
        except BaseException:
            for future in futures:
                future.cancel()
            raise
        finally:
            self._putting -= 1
        return [_answer(result) for result in await asyncio.gather(*futures, return_exceptions=True)]

    async def run(self) -> None:
        """Append groups until cancelled; then finish what is queued, so that no caller is left without a verdict."""
        self._closed = False
        try:
            while True:
                await _surely(self._commit([await self._queue.get()]))
        finally:
            self._closed = True
            await _surely(self._drain())

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise Overloaded("the service is shutting down")

    async def _drain(self) -> None:
        # Bulk callers that still wait for room come in while there is any.
        while self._putting or not self._queue.empty():
            if self._queue.empty():
                await asyncio.sleep(0)
            else:
                await self._commit([self._queue.get_nowait()])

    async def _commit(self, group: list[Waiting]) -> None:
        while len(group) < self._group and not self._queue.empty():
            group.append(self._queue.get_nowait())
        # A caller that went away was promised nothing.
        present = [waiting for waiting in group if not waiting[1].done()]
        try:
            if present:
                await self._append(present)
        except asyncio.CancelledError:
            _fail(present, LogUnavailable("the append was cut off"))
            raise

    async def _append(self, group: list[Waiting]) -> None:
        try:
            verdicts = await self._log.append([command for command, _ in group])
            for (_, future), verdict in zip(group, verdicts, strict=True):
                if not future.done():
                    future.set_result(verdict)
        except Unrecordable as error:
            await self._one_by_one(group, error)
        except Exception as error:  # whatever it is, it belongs to the callers, and the next group must go on
            _fail(group, error)

    async def _one_by_one(self, group: list[Waiting], error: Unrecordable) -> None:
        """One command's data must not fail its neighbours'. Only safe because surely nothing was recorded."""
        if len(group) == 1:
            _fail(group, error)
            return
        for waiting in group:
            await self._append([waiting])


def _future() -> "asyncio.Future[Verdict]":
    return asyncio.get_running_loop().create_future()


def _fail(group: list[Waiting], error: Exception) -> None:
    for _, future in group:
        if not future.done():
            future.set_exception(error)


def _answer(result: "Verdict | BaseException") -> "Verdict | Unrecordable":
    if isinstance(result, BaseException) and not isinstance(result, Unrecordable):
        raise result
    return result


async def _surely(work: Coroutine[Any, Any, None]) -> None:
    """Finish the work whatever cancellations come meanwhile, then pass the cancellation on."""
    task = asyncio.create_task(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            cancelled = True
    if not task.cancelled():
        task.result()
    if cancelled or task.cancelled():
        raise asyncio.CancelledError
