"""Waiting for a log to grow: woken at once by an append in this process, by a look at the head otherwise."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

POLL = 0.25
"""Seconds between looks at the head, for what other processes append."""


class Growth:
    """Tells waiting readers of one log that it grew."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def grown(self) -> None:
        """Wake everybody who waits."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, head: Callable[[], Awaitable[int]], after: int, seconds: float) -> None:
        """Return when `head` passes `after`, or when `seconds` are over."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while True:
            event = self._event  # before the look: what is appended during it must not be missed
            if await head() > after:
                return
            left = deadline - clock()
            if left <= 0:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, POLL)):
                    await event.wait()
