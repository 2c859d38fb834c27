"""Complaints as answers show them; what is sealed is opened for those who may read it."""

from collections.abc import Sequence
from datetime import datetime

from services.complaint.api.common import PERSONAL
from services.complaint.complaint import Status
from services.complaint.contract import Complexity, Confirmation, Decision, Regime, Severity
from services.complaint.handling import the
from services.complaint.service import ComplaintService
from services.complaint.views.complaints import ComplaintRow
from shared.envelope import Sealed
from shared.web import MoneyOut, Read, View
from shared.web.resources import ReferenceOut


class NoteOut(View):
    """`note` None: erased, or not for this caller."""

    noted_at: datetime
    note: str | None


class StepOut(View):
    type: str
    occurred_at: datetime


class ComplaintOut(View):
    """A complaint in its present state, which it is in `since`."""

    id: str
    customer_id: str | None
    institution_id: str
    channel: str
    product: str
    issue: str
    on_behalf_of: bool
    regime: Regime
    loss: MoneyOut | None
    status: Status
    since: datetime
    severity: Severity | None
    complexity: Complexity | None
    impact: str
    handler_id: str
    department: str
    decision: Decision | None
    remedy: str
    answer: Confirmation | None
    withdrawn: bool
    referred_to: str
    root_cause: str
    action_taken: str
    narrative: str | None
    notes: list[NoteOut]
    steps: list[StepOut]
    reference: ReferenceOut | None
    sent_at: datetime | None
    received_at: datetime
    version: int


async def shown(rows: Sequence[ComplaintRow], read: Read, complaints: ComplaintService) -> list[ComplaintOut]:
    """As answers show them."""
    may = PERSONAL in read.principal.scopes
    sealed = [box for row in rows for box in (row.narrative, *(note.note for note in row.notes)) if may and box]
    opened = dict(zip(sealed, await complaints.vault.open_many(sealed), strict=True)) if sealed else {}
    return [_shown(row, opened) for row in rows]


def _shown(row: ComplaintRow, opened: dict[Sealed, str | None]) -> ComplaintOut:
    received, state = the(row.complaint), row.complaint
    return ComplaintOut(
        id=row.complaint_id,
        **{name: getattr(received, name) for name in _RECEIVED},
        **{name: getattr(state, name) for name in _STATE},
        loss=MoneyOut.of(received.loss.amount_minor, received.loss.currency) if received.loss else None,
        since=row.since,
        narrative=opened.get(row.narrative) if row.narrative else None,
        notes=[NoteOut(noted_at=note.noted_at, note=opened.get(note.note)) for note in row.notes],
        steps=[StepOut(type=step.type, occurred_at=step.occurred_at) for step in row.steps],
        reference=ReferenceOut.of(received.reference),
        received_at=row.received_at,
        version=row.version,
    )


_RECEIVED = (
    "customer_id",
    "institution_id",
    "channel",
    "product",
    "issue",
    "on_behalf_of",
    "regime",
    "sent_at",
)
_STATE = (
    "status",
    "severity",
    "complexity",
    "impact",
    "handler_id",
    "department",
    "decision",
    "remedy",
    "answer",
    "withdrawn",
    "referred_to",
    "root_cause",
    "action_taken",
)
