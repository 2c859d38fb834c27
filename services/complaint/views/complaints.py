"""One row per complaint: its state, its notes and its steps, found by its customer and by state."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from services.complaint import contract as c
from services.complaint.complaint import Complaint, Status, decider
from services.complaint.deadlines import Step
from shared.envelope import Envelope, Sealed
from shared.projection import Index, View


class Note(msgspec.Struct, frozen=True):
    """What an investigation found, sealed."""

    noted_at: datetime
    note: Sealed


class ComplaintRow(msgspec.Struct, frozen=True):
    """`complaint` is the aggregate's own state, which it is in `since`; `steps` are its events without content."""

    complaint_id: str
    institution_id: str
    received_at: datetime
    since: datetime
    recorded_at: datetime
    version: int
    complaint: Complaint
    steps: tuple[Step, ...]
    customer_id: str | None = None
    narrative: Sealed | None = None
    notes: tuple[Note, ...] = ()


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
    complaint = decider.evolve(row.complaint, event)
    return msgspec.structs.replace(
        row,
        version=envelope.version,
        recorded_at=envelope.recorded_at,
        since=row.since if complaint.status == row.complaint.status else envelope.occurred_at,
        complaint=complaint,
        steps=(*row.steps, step),
        notes=notes,
    )


def _received(event: c.ComplaintReceived, envelope: Envelope, step: Step) -> ComplaintRow:
    return ComplaintRow(
        complaint_id=event.complaint_id,
        institution_id=event.institution_id,
        received_at=envelope.occurred_at,
        since=envelope.occurred_at,
        recorded_at=envelope.recorded_at,
        version=envelope.version,
        complaint=decider.evolve(decider.initial, event),
        steps=(step,),
        customer_id=event.customer_id,
        narrative=event.narrative,
    )


def _known(event: Any) -> bool:
    return hasattr(event, "complaint_id")


def rank(row: ComplaintRow) -> str:
    """By state, and in it by how long the complaint has been there."""
    return f"{row.complaint.status}:{row.since.isoformat()}"


def ranks(status: Status | None, until: datetime | None = None) -> tuple[str | None, str | None]:
    """The first and last rank of complaints in this state, there since an instant or longer."""
    if status is None:
        return None, None
    return f"{status}:", f"{status}:{until.isoformat() if until else '~'}"


COMPLAINTS = View(
    name="complaint",
    row=ComplaintRow,
    ids=ids,
    evolve=evolve,
    index=lambda row: Index(owner=row.customer_id or "", institution=row.institution_id, rank=rank(row)),
)
