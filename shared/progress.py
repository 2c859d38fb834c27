"""What a projector of this process has saved last, so that readers beside it need not ask the database."""

import asyncio
from collections.abc import Mapping

from shared.feed import Offsets


class Progress:
    """Offsets per partition as last saved here; other replicas may be further."""

    def __init__(self) -> None:
        self._offsets: dict[int, Offsets] = {}
        self._changed = asyncio.Event()

    def saved(self, offsets: Mapping[int, Offsets]) -> None:
        """Partitions were saved up to these offsets: wake who waits."""
        self._offsets.update(offsets)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def reached(self, log: str, position: int) -> bool:
        """Whether a log was folded here up to this position. False says nothing."""
        return any(offsets.get(log, 0) >= position for offsets in self._offsets.values())

    @property
    def live(self) -> bool:
        """Whether a projector of this process has saved anything."""
        return bool(self._offsets)

    def changed(self) -> asyncio.Event:
        """Set by the next save of this process. Take it before looking, or a save in between is missed."""
        return self._changed
