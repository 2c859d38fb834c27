"""A partitioned feed in memory: what a broker delivers, duplicates and rebalances included."""

import asyncio
import random
from collections.abc import Mapping, Sequence

from shared.feed import Batch, Delivery, Offsets

TOPIC = "entries"


class ScriptedFeed:
    """Delivers prepared partitions in batches of random size. Offsets are {TOPIC: next index}.

    `before_poll` may raise or wait: that is where brokers do.
    """

    def __init__(self, partitions: Mapping[int, Sequence[Delivery]], seed: int = 0) -> None:
        self.partitions = {number: list(deliveries) for number, deliveries in partitions.items()}
        self.owned = set(self.partitions)
        self._random = random.Random(seed)
        self._next: dict[int, int] = {}

    async def start(self) -> None: ...

    async def stop(self) -> None:
        self._next.clear()

    def assigned(self) -> frozenset[int]:
        return frozenset(self.owned)

    def unpositioned(self) -> frozenset[int]:
        return frozenset(self.owned - self._next.keys())

    async def seek(self, positions: Mapping[int, Offsets]) -> None:
        self._next |= {number: offsets.get(TOPIC, 0) for number, offsets in positions.items() if number in self.owned}

    def assign(self, owned: set[int]) -> None:
        """A rebalance: partitions that come back have to be positioned again."""
        self._next = {number: at for number, at in self._next.items() if number in owned and number in self.owned}
        self.owned = owned

    async def before_poll(self) -> None:
        """A place for faults."""

    async def poll(self, limit: int, seconds: float) -> Batch:
        await self.before_poll()
        deliveries: dict[int, list[Delivery]] = {}
        for number, at in sorted(self._next.items()):
            size = self._random.randint(1, limit)
            page = self.partitions[number][at : at + size]
            if page:
                deliveries[number] = page
        for number, page in deliveries.items():
            self._next[number] += len(page)
        if not deliveries:
            await asyncio.sleep(seconds)
        return Batch(deliveries, {number: {TOPIC: self._next[number]} for number in deliveries})

    def done(self, cursors: Mapping[int, Offsets]) -> bool:
        """Whether cursors stand at the end of every partition."""
        return all(cursors.get(n, {}).get(TOPIC, 0) >= len(page) for n, page in self.partitions.items())
