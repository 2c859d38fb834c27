"""Rows that were saved last, bounded. Safe only because a save is fenced: a stale row never gets through."""

from collections import OrderedDict
from collections.abc import Mapping

from shared.folding import Held
from shared.projection_store import RowKey


class RowCache:
    """Least recently used rows go first; a limit of 0 keeps nothing."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rows: OrderedDict[RowKey, Held] = OrderedDict()

    def get(self, key: RowKey) -> Held | None:
        """The row as saved last, None when it must be loaded."""
        held = self._rows.get(key)
        if held is not None:
            self._rows.move_to_end(key)
        return held

    def put(self, rows: Mapping[RowKey, Held]) -> None:
        """Remember rows that were just saved."""
        for key, held in rows.items():
            self._rows[key] = held
            self._rows.move_to_end(key)
        while len(self._rows) > self._limit:
            self._rows.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()
