"""One row per complaint: its state, its notes and its steps, found by its customer and by state."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from services.complaint import contract as c
from services.complaint.complaint import Complaint, decider
from services.complaint.deadlines import Step
from shared.envelope import Envelope, Sealed
from shared.projection import Index, View


class Note(msgspec.Struct, frozen=True):
    """What an investigation found, sealed."""

    noted_at: datetime
    note: Sealed


class ComplaintRow(msgspec.Struct, frozen=True):
    """`complaint` is the aggregate's own state; `steps` are its events in order, without their content."""

    complaint_id: str
    institution_id: str
    received_at: datetime
    version: int
    complaint: Complaint
    steps: tuple[Step, ...]
    customer_id: str | None = None
    narrative: Sealed | None = None
    notes: tuple[Note, ...] = ()
    changed_at: datetime | None = None


def ids(envelope: Envelope) -> Sequence[str]:
    return (envelope.data.complaint_id,) if envelope.type.startswith("complaint.") and _known(envelope.data) else ()


def evolve(row: ComplaintRow | None, _: str, envelope: Envelope) -> ComplaintRow | None:
    event = envelope.data
    step = Step(envelope.type, envelope.occurred_at)
    if isinstance(event, c.ComplaintReceived):
        return _received(event, envelope, step)
    if row is None:
        return None
    notes = row.notes
    if isinstance(event, c.ComplaintInvestigationNoted) and event.note is not None:
        notes = (*notes, Note(envelope.occurred_at, event.note))
    return msgspec.structs.replace(
        row,
        version=envelope.version,
        complaint=decider.evolve(row.complaint, event),
        steps=(*row.steps, step),
        notes=notes,
        changed_at=envelope.occurred_at,
    )


def _received(event: c.ComplaintReceived, envelope: Envelope, step: Step) -> ComplaintRow:
    return ComplaintRow(
        complaint_id=event.complaint_id,
        institution_id=event.institution_id,
        received_at=envelope.occurred_at,
        version=envelope.version,
        complaint=decider.evolve(decider.initial, event),
        steps=(step,),
        customer_id=event.customer_id,
        narrative=event.narrative,
        changed_at=envelope.occurred_at,
    )


def _known(event: Any) -> bool:
    return hasattr(event, "complaint_id")


def _index(row: ComplaintRow) -> Index:
    rank = f"{row.complaint.status}:{(row.changed_at or row.received_at).isoformat()}"
    return Index(owner=row.customer_id or "", institution=row.institution_id, rank=rank)


COMPLAINTS = View(name="complaint", row=ComplaintRow, ids=ids, evolve=evolve, index=_index)
