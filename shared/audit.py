"""One projection laid open: what its tables hold, for whoever compares them with the logs, and its parked keys."""

from collections.abc import AsyncIterator

import msgspec

from shared.feed import Offsets
from shared.parking import Parking
from shared.projection import Projection
from shared.projection_export import ProjectionExport
from shared.projection_store import ProjectionStore


class PartitionCursor(msgspec.Struct, frozen=True):
    """How far a partition of this projection version is folded."""

    projection: str
    version: int
    partition: int
    offsets: Offsets
    seen: dict[str, int]
    revision: int


class ProjectionAudit:
    """Reads one projection version; `parking` is how an operator frees its parked keys."""

    def __init__(
        self, projection: Projection, store: ProjectionStore, export: ProjectionExport, parking: Parking
    ) -> None:
        self.parking = parking
        self._projection = projection
        self._store = store
        self._export = export

    def part(self, name: str) -> AsyncIterator[msgspec.Struct]:
        """The rows (`states`), the `timeline`, what is `parked`, or the `cursors`. Raises KeyError for another name."""
        parts = {
            "states": self._export.states,
            "timeline": self._export.timeline,
            "parked": self._export.parked,
            "cursors": self._cursors,
        }
        return parts[name]()

    async def _cursors(self) -> AsyncIterator[PartitionCursor]:
        for partition, cursor in sorted((await self._store.all_cursors()).items()):
            yield PartitionCursor(
                self._projection.name,
                self._projection.version,
                partition,
                cursor.offsets,
                cursor.seen,
                cursor.revision,
            )
