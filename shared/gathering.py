"""Group reads: callers that ask at the same time are answered by one read, as group commit does for writes.

A read never answers a caller who asked after it began, so everybody sees what was written before they asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key")
Found = TypeVar("Found")


class Gathering(Generic[Key, Found]):
    """Gathers keys while reads are under way.

    Args:
        read: what there is of some keys; those that are not there are left out.
        flights: reads under way at once, so that a slow one does not hold up everybody.
        group: keys of one read at most, unless a single caller wants more.
    """

    def __init__(
        self, read: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Found]]], *, flights: int = 2, group: int = 500
    ) -> None:
        self._read = read
        self._flights = flights
        self._group = group
        self._waiting: list[tuple[tuple[Key, ...], asyncio.Future[Mapping[Key, Found]]]] = []
        self._flying = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, keys: Iterable[Key]) -> Mapping[Key, Found]:
        """What there is of these keys, and perhaps of others. Raises what the read raises."""
        future: asyncio.Future[Mapping[Key, Found]] = asyncio.get_running_loop().create_future()
        self._waiting.append((tuple(keys), future))
        if self._flying < self._flights:
            self._flying += 1
            flight = asyncio.create_task(self._fly())
            self._tasks.add(flight)
            flight.add_done_callback(self._tasks.discard)
        return await future

    async def _fly(self) -> None:
        try:
            while self._waiting:
                await self._answer(self._next())
        finally:
            # Counted down here, in the step that found nobody waiting: whoever comes next must start a new flight.
            self._flying -= 1

    def _next(self) -> "list[tuple[tuple[Key, ...], asyncio.Future[Mapping[Key, Found]]]]":
        """The callers of the next read, in order, as far as their keys fit."""
        size = count = 0
        for keys, _ in self._waiting:
            size += len(keys)
            if count and size > self._group:
                break
            count += 1
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    async def _answer(self, callers: "list[tuple[tuple[Key, ...], asyncio.Future[Mapping[Key, Found]]]]") -> None:
        present = [caller for caller in callers if not caller[1].done()]
        wanted = dict.fromkeys(key for keys, _ in present for key in keys)
        try:
            found = await self._read(list(wanted)) if wanted else {}
        except asyncio.CancelledError:
            for _, future in present:
                future.cancel()
            raise
        except Exception as error:  # whatever it is, it belongs to the callers, and the next read must go on
            for _, future in present:
                if not future.done():
                    future.set_exception(error)
        else:
            for _, future in present:
                if not future.done():
                    future.set_result(found)
