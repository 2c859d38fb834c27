"""Does a projection hold exactly what its logs say? Pure: everything is read first, then folded and compared.

An event must be folded when it lies at or below what is known to be folded: the cursor of its partition, or the row's
own positions where rows keep them. So the comparison holds while events keep coming.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from shared.envelope import Envelope
from shared.folding import decode_row
from shared.projection import Projection, View

Key = tuple[str, str]
"""(view name, row id)."""
Place = tuple[str, int]
"""(channel, position)."""


class Difference(msgspec.Struct, frozen=True):
    """A row that is not what its events give: absent, unexpected, or another value."""

    view: str
    id: str
    what: str


class Snapshot(msgspec.Struct, frozen=True):
    """What a projection holds.

    Args:
        rows: (view, id) → data.
        reached: partition → channel → highest position folded, from the cursors.
        timeline: every place of the timeline; None where the projection keeps none.
        parked: every place that waits.
    """

    rows: Mapping[Key, bytes]
    reached: Mapping[int, Mapping[str, int]]
    timeline: frozenset[Place] | None
    parked: frozenset[Place]


class ProjectionCheck:
    """Folds the logs anew beside a snapshot.

    Args:
        partition: the partition of a key.
        row_seen: channel → position as a row itself tells them; None where only the cursor knows.
    """

    def __init__(
        self,
        projection: Projection,
        snapshot: Snapshot,
        partition: Callable[[str], int],
        row_seen: Callable[[Any], Mapping[str, int]] | None = None,
    ) -> None:
        self._views = {view.name: view for view in projection.views}
        self._snapshot = snapshot
        self._partition = partition
        self._expected: dict[Key, Any] = {}
        self._seen: dict[Key, Mapping[str, int]] = {}
        if row_seen is not None:
            # Only the first view's rows keep positions; the others follow the cursor.
            first = projection.views[0]
            self._seen = {
                key: row_seen(decode_row(first, data)) for key, data in snapshot.rows.items() if key[0] == first.name
            }
        self._own = projection.views[0].name if row_seen is not None else ""
        self.missing: list[Place] = []

    def take(self, envelope: Envelope) -> None:
        """One event of a log, in the order of its log."""
        place = (envelope.channel, envelope.position)
        if place in self._snapshot.parked:
            return
        passed = self._passed(envelope)
        if passed and self._snapshot.timeline is not None and place not in self._snapshot.timeline:
            self.missing.append(place)
        for view in self._views.values():
            for id_ in view.ids(envelope):
                if self._folded(view, id_, envelope, passed):
                    key = (view.name, id_)
                    self._expected[key] = view.evolve(self._expected.get(key), id_, envelope)

    def differences(self) -> list[Difference]:
        """Every row that is not byte for byte what the events give."""
        return [*self._compare(), *self._unexpected()]

    def _passed(self, envelope: Envelope) -> bool:
        reached = self._snapshot.reached.get(self._partition(envelope.key), {})
        return envelope.position <= reached.get(envelope.channel, 0)

    def _folded(self, view: View[Any], id_: str, envelope: Envelope, passed: bool) -> bool:
        if view.name != self._own:
            return passed
        seen = self._seen.get((view.name, id_))
        return passed if seen is None else envelope.position <= seen.get(envelope.channel, 0)

    def _compare(self) -> Iterable[Difference]:
        for (view, id_), row in self._expected.items():
            if row is None:
                continue
            held = self._snapshot.rows.get((view, id_))
            if held is None:
                yield Difference(view, id_, "absent")
            elif held != self._views[view].encode(row):
                yield Difference(view, id_, "another value")

    def _unexpected(self) -> Iterable[Difference]:
        for view, id_ in self._snapshot.rows:
            if self._expected.get((view, id_)) is None:
                yield Difference(view, id_, "unexpected")


class LogCheck:
    """The positions of one log: dense from 1, each once, and no command under two of them."""

    def __init__(self) -> None:
        self.events = 0
        self.lost = 0
        self.doubled = 0
        self._last = 0
        self._references: set[tuple[str, str, str]] = set()

    def take(self, position: int, type_: str, reference: tuple[str, str] | None) -> None:
        """One line of the log, in the order of the log. `reference` is the source system's own name for the fact."""
        self.events += 1
        if position <= self._last:
            self.doubled += 1
        else:
            self.lost += position - self._last - 1
            self._last = position
        if reference is not None:
            known = (type_, *reference)
            self.doubled += known in self._references
            self._references.add(known)
