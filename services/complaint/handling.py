"""What may be asked of a complaint, step by step. Each function gets the state and returns what follows.

A later step implies the earlier ones where the case is minor and simple; the implied steps are recorded with it, so
that every reader sees them. All other cases take every step.
"""

from typing import Any

import msgspec

from services.complaint.complaint import Complaint, Status
from services.complaint.contract import (
    ComplaintAcknowledged,
    ComplaintAssessed,
    ComplaintAssigned,
    ComplaintCommunicated,
    ComplaintDecided,
    ComplaintInvestigationNoted,
    ComplaintReceived,
    Complexity,
    Decision,
    Severity,
)
from shared.decider import Rejected
from shared.envelope import Sealed
from shared.unsealed import same

_ORDER: dict[Status, int] = {
    "received": 0,
    "acknowledged": 1,
    "assessed": 2,
    "under_investigation": 3,
    "reopened": 3,
    "decided": 4,
    "communicated": 5,
    "confirmed": 6,
    "closed": 7,
    "referred_externally": 8,
    "withdrawn": 8,
}


class AssessComplaint(msgspec.Struct, frozen=True):
    severity: Severity
    complexity: Complexity
    impact: str = ""


class AssignComplaint(msgspec.Struct, frozen=True):
    handler_id: str
    department: str = ""


class NoteInvestigation(msgspec.Struct, frozen=True):
    note: Sealed | None = None


class DecideComplaint(msgspec.Struct, frozen=True):
    decision: Decision
    remedy: str = ""


class CommunicateDecision(msgspec.Struct, frozen=True):
    """`decision` may be left out where it is on record."""

    decision: Decision | None = None


def receive(complaint: Complaint, received: ComplaintReceived) -> list[Any]:
    """Receiving the same complaint again says nothing new."""
    if received.on_behalf_of and received.customer_id is None:
        raise Rejected("customer_required", "Who is spoken for must be named.", "/customer_id")
    if complaint.received is None:
        return [received]
    if same(complaint.received, received):
        return []
    raise Rejected("already_received", "The complaint is received differently.", kind="conflict")


def acknowledge(complaint: Complaint) -> list[Any]:
    """Late is better than never: it is taken until the decision is communicated."""
    received = the(complaint)
    if complaint.acknowledged:
        return []
    _check_before(complaint, "communicated")
    return [ComplaintAcknowledged(received.complaint_id, received.customer_id)]


def assess(complaint: Complaint, command: AssessComplaint) -> list[Any]:
    """May be revised until the decision."""
    received = the(complaint)
    assessed = ComplaintAssessed(
        received.complaint_id, command.severity, command.complexity, command.impact, received.customer_id
    )
    if (complaint.severity, complaint.complexity, complaint.impact) == (
        command.severity,
        command.complexity,
        command.impact,
    ):
        return []
    _check_before(complaint, "decided")
    if complaint.acknowledged:
        return [assessed]
    if command.severity == "minor" and command.complexity == "simple":
        return [*acknowledge(complaint), assessed]
    raise _missing("acknowledged")


def assign(complaint: Complaint, command: AssignComplaint) -> list[Any]:
    """Whose it is; the latest holds."""
    received = the(complaint)
    if (complaint.handler_id, complaint.department) == (command.handler_id, command.department):
        return []
    _check_before(complaint, "closed")
    return [ComplaintAssigned(received.complaint_id, command.handler_id, command.department, received.customer_id)]


def note_investigation(complaint: Complaint, command: NoteInvestigation) -> list[Any]:
    """Every note counts; one without text only says that the investigation is under way."""
    received = the(complaint)
    if command.note is None and complaint.status == "under_investigation":
        return []
    _check_before(complaint, "decided")
    noted = ComplaintInvestigationNoted(received.complaint_id, command.note, received.customer_id)
    return [*_implied(complaint, "assessed"), noted]


def decide(complaint: Complaint, command: DecideComplaint) -> list[Any]:
    """Another decision needs a reopening first."""
    received = the(complaint)
    if (complaint.decision, complaint.remedy) == (command.decision, command.remedy):
        return []
    _check_before(complaint, "decided")
    decided = ComplaintDecided(received.complaint_id, command.decision, command.remedy, received.customer_id)
    return [*_implied(complaint, "under_investigation"), decided]


def communicate(complaint: Complaint, command: CommunicateDecision) -> list[Any]:
    """Tell the customer what was decided."""
    received = the(complaint)
    decision = command.decision or complaint.decision
    if _ORDER["communicated"] <= _ORDER[complaint.status] < _ORDER["withdrawn"] and decision == complaint.decision:
        return []
    _check_before(complaint, "communicated")
    if decision is None:
        raise _missing("decided")
    if complaint.decision not in (None, decision):
        raise Rejected("other_decision", "Another decision is on record.", "/decision", kind="conflict")
    if complaint.decision is None and not _minor_and_simple(complaint):
        raise _missing("decided")
    implied = [] if complaint.decision else decide(complaint, DecideComplaint(decision))
    return [*implied, ComplaintCommunicated(received.complaint_id, decision, received.customer_id)]


def the(complaint: Complaint) -> ComplaintReceived:
    """How the complaint came in. Raises `Rejected` where there is none."""
    if complaint.received is None:
        raise Rejected("not_found", "No such resource.", kind="not_found")
    return complaint.received


def _check_before(complaint: Complaint, status: Status) -> None:
    if _ORDER[complaint.status] >= _ORDER[status]:
        raise Rejected("too_late", f"The complaint is {complaint.status} already.", kind="conflict")


def _implied(complaint: Complaint, needed: Status) -> list[Any]:
    """The steps up to `needed` that nobody recorded; only a minor and simple case may leave them out."""
    if _ORDER[complaint.status] >= _ORDER[needed]:
        return []
    if not _minor_and_simple(complaint):
        raise _missing(_next(complaint))
    steps = acknowledge(complaint)
    return steps if complaint.complexity else [*steps, _assessed_minor(complaint)]


def _assessed_minor(complaint: Complaint) -> ComplaintAssessed:
    received = the(complaint)
    return ComplaintAssessed(received.complaint_id, "minor", "simple", customer_id=received.customer_id)


def _minor_and_simple(complaint: Complaint) -> bool:
    if complaint.complexity is not None:
        return (complaint.severity, complaint.complexity) == ("minor", "simple")
    # A loss that nobody has assessed may make the case a major one.
    return complaint.severity == "minor" or (complaint.severity is None and the(complaint).loss is None)


def _next(complaint: Complaint) -> Status:
    if not complaint.acknowledged:
        return "acknowledged"
    return "under_investigation" if complaint.complexity else "assessed"


def _missing(status: Status) -> Rejected:
    return Rejected("step_missing", f"The complaint must be {status} first.", kind="conflict")
