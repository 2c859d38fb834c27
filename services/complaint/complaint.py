"""A complaint's state, in the words of ISO 10002, and how events change it. What may be asked of it is in handling.

received → acknowledged → assessed → under_investigation → decided → communicated → confirmed → closed;
besides reopened, withdrawn, referred_externally.
"""

from typing import Any, Literal

import msgspec

from services.complaint.contract import (
    ComplaintAcknowledged,
    ComplaintAssessed,
    ComplaintAssigned,
    ComplaintClosed,
    ComplaintCommunicated,
    ComplaintConfirmed,
    ComplaintDecided,
    ComplaintInvestigationNoted,
    ComplaintReceived,
    ComplaintReferredExternally,
    ComplaintReopened,
    ComplaintWithdrawn,
    Complexity,
    Confirmation,
    Decision,
    Severity,
)
from shared.decider import Decider
from shared.unsealed import unsealed

Status = Literal[
    "received",
    "acknowledged",
    "assessed",
    "under_investigation",
    "decided",
    "communicated",
    "confirmed",
    "closed",
    "reopened",
    "withdrawn",
    "referred_externally",
]


class Complaint(msgspec.Struct, frozen=True):
    """`received` without its narrative, None before. `answer` is the customer's to the last communication."""

    received: ComplaintReceived | None = None
    status: Status = "received"
    acknowledged: bool = False
    severity: Severity | None = None
    complexity: Complexity | None = None
    impact: str = ""
    handler_id: str = ""
    department: str = ""
    decision: Decision | None = None
    remedy: str = ""
    answer: Confirmation | None = None
    withdrawn: bool = False
    referred_to: str = ""
    root_cause: str = ""
    action_taken: str = ""


def evolve(complaint: Complaint, event: Any) -> Complaint:
    match event:
        case ComplaintReceived():
            return Complaint(unsealed(event), severity=event.severity)
        case ComplaintAcknowledged():
            # A late acknowledgement does not set back what has gone on meanwhile.
            status = "acknowledged" if complaint.status == "received" else complaint.status
            return msgspec.structs.replace(complaint, status=status, acknowledged=True)
        case ComplaintAssessed() | ComplaintAssigned() | ComplaintInvestigationNoted():
            return _examined(complaint, event)
        case ComplaintDecided() | ComplaintCommunicated() | ComplaintConfirmed() | ComplaintReopened():
            return _answered(complaint, event)
        case ComplaintClosed() | ComplaintWithdrawn() | ComplaintReferredExternally():
            return _ended(complaint, event)
        case _:
            return complaint


def _examined(
    complaint: Complaint, event: ComplaintAssessed | ComplaintAssigned | ComplaintInvestigationNoted
) -> Complaint:
    replace = msgspec.structs.replace
    match event:
        case ComplaintAssessed():
            status: Status = "assessed" if complaint.status in ("received", "acknowledged") else complaint.status
            return replace(
                complaint, status=status, severity=event.severity, complexity=event.complexity, impact=event.impact
            )
        case ComplaintAssigned():
            return replace(complaint, handler_id=event.handler_id, department=event.department)
        case ComplaintInvestigationNoted():
            return replace(complaint, status="under_investigation")


def _answered(
    complaint: Complaint, event: ComplaintDecided | ComplaintCommunicated | ComplaintConfirmed | ComplaintReopened
) -> Complaint:
    replace = msgspec.structs.replace
    match event:
        case ComplaintDecided():
            return replace(complaint, status="decided", decision=event.decision, remedy=event.remedy)
        case ComplaintCommunicated():
            return replace(complaint, status="communicated", decision=event.decision, answer=None)
        case ComplaintConfirmed():
            return replace(complaint, status="confirmed", answer=event.answer)
        case ComplaintReopened():
            return replace(complaint, status="reopened", decision=None, remedy="")


def _ended(
    complaint: Complaint, event: ComplaintClosed | ComplaintWithdrawn | ComplaintReferredExternally
) -> Complaint:
    replace = msgspec.structs.replace
    match event:
        case ComplaintClosed():
            return replace(complaint, status="closed", root_cause=event.root_cause, action_taken=event.action_taken)
        case ComplaintWithdrawn():
            return replace(complaint, status="withdrawn", withdrawn=True)
        case ComplaintReferredExternally():
            return replace(complaint, status="referred_externally", referred_to=event.body)


def owner(complaint: Complaint) -> str | None:
    """The institution whom the access rules ask about."""
    return complaint.received.institution_id if complaint.received else None


decider = Decider(Complaint(), evolve)
