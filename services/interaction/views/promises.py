"""One row per promise, found by its customer, the open ones first in order of due day."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from services.interaction import contract as c
from services.interaction.promise import Status
from shared.envelope import Envelope
from shared.projection import Index, View

EVENTS = (c.PromiseMade, c.PromiseRenegotiated, c.PromiseKept, c.PromiseBroken, c.PromiseReleased)


class PromiseRow(msgspec.Struct, frozen=True):
    """`made` as it came first; `due` as last agreed; `recorded_at` of the latest event; `late`: kept after broken."""

    made: c.PromiseMade
    made_at: datetime
    recorded_at: datetime
    due: date
    version: int
    status: Status = "open"
    late: bool = False
    renegotiations: int = 0
    settled_at: datetime | None = None
    derivation: tuple[str, ...] = ()


def ids(envelope: Envelope) -> Sequence[str]:
    return (envelope.data.promise_id,) if isinstance(envelope.data, EVENTS) else ()


def evolve(row: PromiseRow | None, _: str, envelope: Envelope) -> PromiseRow | None:
    event = envelope.data
    if isinstance(event, c.PromiseMade):
        return PromiseRow(event, envelope.occurred_at, envelope.recorded_at, event.due, envelope.version)
    if row is None:
        return None
    row = msgspec.structs.replace(row, version=envelope.version, recorded_at=envelope.recorded_at)
    if isinstance(event, c.PromiseRenegotiated):
        return msgspec.structs.replace(row, due=event.due, renegotiations=row.renegotiations + 1)
    return _settled(row, event, envelope.occurred_at)


def _settled(row: PromiseRow, event: Any, at: datetime) -> PromiseRow:
    settled = msgspec.structs.replace(row, settled_at=at)
    match event:
        case c.PromiseKept():
            return msgspec.structs.replace(settled, status="kept", late=event.late)
        case c.PromiseBroken():
            return msgspec.structs.replace(settled, status="broken", derivation=event.derivation)
        case _:
            return msgspec.structs.replace(settled, status="released")


def rank(row: PromiseRow) -> str:
    """Open promises come first, in order of due day."""
    return f"{_GROUP[row.status]}:{row.due.isoformat()}"


def ranks(status: Status | None, due: date | None = None) -> tuple[str | None, str | None]:
    """The first and last rank of promises of this status, due on or before a day."""
    if status is None:
        return None, None
    return f"{_GROUP[status]}:", f"{_GROUP[status]}:{due.isoformat() if due else '~'}"


_GROUP: dict[Status, str] = {"open": "0-open", "broken": "1-broken", "kept": "2-kept", "released": "3-released"}


PROMISES = View(
    name="promise",
    row=PromiseRow,
    ids=ids,
    evolve=evolve,
    index=lambda row: Index(owner=row.made.customer_id, institution=row.made.institution_id, rank=rank(row)),
)
