"""One batch folded into rows, timeline and parked deliveries. Pure: whatever fails here is the data's fault."""

import traceback
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from shared.codec import Codec, Unknown
from shared.envelope import Envelope, Record
from shared.feed import Delivery, Poison
from shared.projection import Index, Projection, View
from shared.projection_store import Parked, RowChange, RowKey, TimelineEvent
from shared.timeline import timeline_event


class Held(msgspec.Struct, frozen=True):
    """A decoded row, None where there is none, and the revision at which it was read."""

    row: Any = None
    revision: int = 0


class Routed(msgspec.Struct, frozen=True):
    """A delivery, the rows that it touches, and why they cannot be told ("" when they can)."""

    partition: int
    delivery: Delivery
    touches: tuple[tuple[View[Any], str], ...] = ()
    error: str = ""


def route(projection: Projection, partition: int, delivery: Delivery) -> Routed:
    """Which rows a delivery touches."""
    if isinstance(delivery, Poison):
        return Routed(partition, delivery, error=delivery.error)
    try:
        touches = tuple((view, id_) for view in projection.views for id_ in view.ids(delivery))
    except Exception as error:
        return Routed(partition, delivery, error=where(error))
    return Routed(partition, delivery, touches)


def wanted(routed: Iterable[Routed]) -> set[RowKey]:
    """The rows that must be at hand before these deliveries are folded."""
    return {(view.name, id_) for each in routed for view, id_ in each.touches}


class Folding:
    """Rows as they are and as they become.

    Args:
        held: every row that the deliveries touch, absent ones included.
        parked: keys that wait already, and may not be overtaken.
        checked: build each row after each event, not only at the end; slower, but names the event that failed.
    """

    def __init__(
        self,
        projection: Projection,
        codec: Codec,
        held: Mapping[RowKey, Held],
        parked: Iterable[str],
        now: datetime,
        *,
        checked: bool = False,
    ) -> None:
        self._projection = projection
        self._codec = codec
        self._held = held
        self._rows: dict[RowKey, Any] = {}
        self._waiting = set(parked)
        self._now = now
        self._checked = checked
        self.timeline: list[TimelineEvent] = []
        self.parked: list[Parked] = []

    def apply(self, routed: Routed) -> None:
        """Fold one delivery, wholly or not at all. One that fails, and all later ones of its key, are parked."""
        delivery = routed.delivery
        error = routed.error
        if delivery.key not in self._waiting and isinstance(delivery, Envelope) and not error:
            try:
                self._evolve(delivery, routed.touches)
            except Exception as failure:
                error = where(failure)
            else:
                return
        self._waiting.add(delivery.key)
        self.parked.append(_parked(self._codec, routed.partition, delivery, error, self._now))

    def changes(self) -> list[RowChange]:
        """The rows that became another value. Raises what `index` and `encode` raise."""
        views = {view.name: view for view in self._projection.views}
        return [
            row_change(views[key[0]], key[1], row, self._held[key].revision)
            for key, row in self._rows.items()
            if row is not self._held[key].row
        ]

    def rows(self) -> dict[RowKey, Held]:
        """Every row that was touched, as it is held once `changes` are saved."""
        return {
            key: before
            if row is (before := self._held[key]).row
            else Held(row, 0 if row is None else before.revision + 1)
            for key, row in self._rows.items()
        }

    def _evolve(self, envelope: Envelope, touches: Iterable[tuple[View[Any], str]]) -> None:
        after: dict[RowKey, Any] = {}
        for view, id_ in touches:
            key = (view.name, id_)
            before = after[key] if key in after else self._rows.get(key, self._held[key].row)
            after[key] = view.evolve(before, id_, envelope)
            if self._checked:
                row_change(view, id_, after[key], 0)
        if self._projection.timeline:
            self.timeline.append(timeline_event(self._codec, envelope))
        self._rows.update(after)


def row_change(view: View[Any], id_: str, row: Any, revision: int) -> RowChange:
    """The row as it is stored. Raises what `index` and `encode` raise, and ValueError for text no database takes."""
    if row is None:
        return RowChange(view.name, id_, None, Index(), revision)
    index = view.index(row)
    text = "".join((id_, index.owner, index.institution, index.rank))
    if "\0" in text or not (text.isascii() or _encodable(text)):
        raise ValueError("a row's id or index holds a character that no database takes")
    return RowChange(view.name, id_, view.encode(row), index, revision)


def decode_row(view: View[Any], data: bytes) -> Any:
    """A stored row as its struct."""
    return view.decode(data) if view.decode else msgspec.msgpack.decode(data, type=view.row)


def to_record(codec: Codec, envelope: Envelope) -> Record:
    """The envelope as a row of its log, in its type's current schema."""
    schema, data = envelope.schema, b""
    if isinstance(envelope.data, Unknown):
        data = bytes(envelope.data.raw)
    else:
        event = codec.encode(envelope.key, envelope.data, envelope.occurred_at)
        schema, data = event.schema, event.data
    return Record(
        log=envelope.log,
        position=envelope.position,
        stream=envelope.stream,
        version=envelope.version,
        key=envelope.key,
        type=envelope.type,
        schema=schema,
        data=data,
        meta=codec.encode_meta(envelope.meta),
        occurred_at=envelope.occurred_at,
        recorded_at=envelope.recorded_at,
    )


def where(error: BaseException) -> str:
    """What failed and at which line. Never the message: it may quote the event."""
    frames = traceback.extract_tb(error.__traceback__)
    line = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{line}"


def _parked(codec: Codec, partition: int, delivery: Delivery, error: str, now: datetime) -> Parked:
    raw = delivery.raw if isinstance(delivery, Poison) else msgspec.msgpack.encode(to_record(codec, delivery))
    return Parked(partition, delivery.key, delivery.channel, delivery.position, raw, error, now)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
