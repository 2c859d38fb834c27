"""What the clock makes due: found in a view, asked for as a command, again and again.

A sweep may run anywhere and any number of times. It only proposes: the aggregate decides on its own stream, so that two
sweepers, or one that looks at an old view, change nothing that has changed already.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from shared.decider import Rejected
from shared.execute import Accepted, Executor, Operation

EVERY = 5.0
GRACE = timedelta(seconds=10)
"""A story that is recorded late arrives piece by piece: what was recorded only now is left for the next turn."""

_CHUNK = 100
_log = logging.getLogger("guanxi.sweep")

Due: TypeAlias = Callable[[datetime], AsyncIterator[Operation]]
"""The commands that are due at an instant."""


class Sweep:
    """A component: proposes what is due every few seconds."""

    def __init__(
        self,
        name: str,
        executor: Executor,
        due: Due,
        *,
        every: float = EVERY,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = name
        self._executor = executor
        self._due = due
        self._every = every
        self._clock = clock

    async def run(self) -> None:
        """Sweep until cancelled. A failed turn is logged and tried again with the next."""
        while True:
            try:
                await self.once()
            except Exception:
                _log.warning("%s failed and tries again", self.name, exc_info=True)
            await asyncio.sleep(self._every)

    async def once(self) -> int:
        """One turn; how many commands changed something."""
        changed = 0
        chunk: list[Operation] = []
        async for operation in self._due(self._clock()):
            chunk.append(operation)
            if len(chunk) == _CHUNK:
                changed += await self._run(chunk)
                chunk = []
        return changed + await self._run(chunk)

    async def _run(self, chunk: list[Operation]) -> int:
        outcomes = await self._executor.execute_many(chunk) if chunk else []
        for outcome in outcomes:
            if isinstance(outcome, Rejected):
                _log.warning("%s was refused: %s", self.name, outcome.code)
        return sum(isinstance(outcome, Accepted) and outcome.changed for outcome in outcomes)
