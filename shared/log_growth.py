"""Waiting for a log to grow: woken at once by an append in this process, by a look at the head otherwise."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from shared.log import LogUnavailable

POLL = 0.25
"""Seconds between looks at the head, for what other processes append and nobody tells."""


class Growth:
    """Tells the waiting readers of one log that it grew. However many wait, one of them looks at the head.

    Args:
        head: how to look at the log's last position.
    """

    def __init__(self, head: Callable[[], Awaitable[int]]) -> None:
        self._look = head
        self._looking = asyncio.Lock()
        self._event = asyncio.Event()
        self._seen = 0
        self._fresh_until = 0.0

    def grown(self) -> None:
        """Wake everybody who waits."""
        self._fresh_until = 0.0
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, after: int, seconds: float) -> None:
        """Return when the head passes `after`, or when `seconds` are over."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while True:
            event = self._event  # before the look: what is appended during it must not be missed
            if await self._head() > after:
                return
            left = deadline - clock()
            if left <= 0:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, POLL)):
                    await event.wait()

    async def _head(self) -> int:
        clock = asyncio.get_running_loop().time
        async with self._looking:
            if clock() >= self._fresh_until:
                event = self._event
                with suppress(LogUnavailable):
                    # Waiting is only a hint: whoever reads next meets the outage, and has a way to deal with it.
                    self._seen = await self._look()
                self._fresh_until = clock() + POLL / 2 if event is self._event else 0.0
        return self._seen
