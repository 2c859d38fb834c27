"""The complaint service's published language, in the words of ISO 10002."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from shared.envelope import Reference, Sealed

Severity = Literal["minor", "major", "critical"]
Complexity = Literal["simple", "complex", "exceptional"]
Decision = Literal["upheld", "partly_upheld", "not_upheld"]
Confirmation = Literal["satisfied", "not_satisfied", "no_answer"]
Regime = Literal["standard", "payment_service", "hardship", "superannuation"]


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of every event: immutable, and silent about fields that hold their default."""


class Loss(msgspec.Struct, frozen=True):
    """A sum of money in the minor unit of its currency."""

    amount_minor: int
    currency: str


# Complaints: keyed by the customer concerned, or by the complaint where it is anonymous.


class ComplaintReceived(Event, frozen=True):
    """`severity` as the customer perceives it; `on_behalf_of` tells that somebody else spoke for the customer."""

    complaint_id: str
    institution_id: str
    channel: str
    product: str
    issue: str
    customer_id: str | None = None
    on_behalf_of: bool = False
    severity: Severity | None = None
    loss: Loss | None = None
    narrative: Sealed | None = None
    sent_at: datetime | None = None
    regime: Regime = "standard"
    reference: Reference | None = None


class ComplaintAcknowledged(Event, frozen=True):
    complaint_id: str
    customer_id: str | None = None


class ComplaintAssessed(Event, frozen=True):
    complaint_id: str
    severity: Severity
    complexity: Complexity
    impact: str = ""
    customer_id: str | None = None


class ComplaintAssigned(Event, frozen=True):
    complaint_id: str
    handler_id: str
    department: str = ""
    customer_id: str | None = None


class ComplaintInvestigationNoted(Event, frozen=True):
    complaint_id: str
    note: Sealed | None = None
    customer_id: str | None = None


class ComplaintDecided(Event, frozen=True):
    complaint_id: str
    decision: Decision
    remedy: str = ""
    customer_id: str | None = None


class ComplaintCommunicated(Event, frozen=True):
    complaint_id: str
    decision: Decision
    customer_id: str | None = None


class ComplaintConfirmed(Event, frozen=True):
    complaint_id: str
    answer: Confirmation
    customer_id: str | None = None


class ComplaintClosed(Event, frozen=True):
    complaint_id: str
    root_cause: str = ""
    action_taken: str = ""
    customer_id: str | None = None


class ComplaintReopened(Event, frozen=True):
    complaint_id: str
    reason: str
    customer_id: str | None = None


class ComplaintWithdrawn(Event, frozen=True):
    complaint_id: str
    customer_id: str | None = None


class ComplaintReferredExternally(Event, frozen=True):
    complaint_id: str
    body: str
    customer_id: str | None = None


class PraiseRecorded(Event, frozen=True):
    praise_id: str
    institution_id: str
    customer_id: str | None = None
    employee_id: str | None = None


LOG = "complaint"
EVENTS: tuple[tuple[str, int, type, str], ...] = (
    ("complaint.received", 1, ComplaintReceived, "complaint"),
    ("complaint.acknowledged", 1, ComplaintAcknowledged, "complaint"),
    ("complaint.assessed", 1, ComplaintAssessed, "complaint"),
    ("complaint.assigned", 1, ComplaintAssigned, "complaint"),
    ("complaint.investigation-noted", 1, ComplaintInvestigationNoted, "complaint"),
    ("complaint.decided", 1, ComplaintDecided, "complaint"),
    ("complaint.communicated", 1, ComplaintCommunicated, "complaint"),
    ("complaint.confirmed", 1, ComplaintConfirmed, "complaint"),
    ("complaint.closed", 1, ComplaintClosed, "complaint"),
    ("complaint.reopened", 1, ComplaintReopened, "complaint"),
    ("complaint.withdrawn", 1, ComplaintWithdrawn, "complaint"),
    ("complaint.referred-externally", 1, ComplaintReferredExternally, "complaint"),
    ("praise.recorded", 1, PraiseRecorded, "complaint"),
)
UPCASTERS: dict[tuple[str, int], Any] = {}
