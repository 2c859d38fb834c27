"""How a complaint ends: confirmed, closed, reopened, withdrawn or referred to somebody else."""

from typing import Any

import msgspec

from services.complaint.complaint import Complaint
from services.complaint.contract import (
    ComplaintClosed,
    ComplaintConfirmed,
    ComplaintReferredExternally,
    ComplaintReopened,
    ComplaintWithdrawn,
    Confirmation,
)
from services.complaint.handling import the
from shared.decider import Rejected

NOT_SATISFIED = "the customer is not satisfied"


class ConfirmComplaint(msgspec.Struct, frozen=True):
    answer: Confirmation


class CloseComplaint(msgspec.Struct, frozen=True):
    root_cause: str = ""
    action_taken: str = ""


class ReopenComplaint(msgspec.Struct, frozen=True):
    reason: str


class ReferExternally(msgspec.Struct, frozen=True):
    """`body` is the ombudsman, regulator or court."""

    body: str


def confirm(complaint: Complaint, command: ConfirmComplaint) -> list[Any]:
    """What the customer says to the outcome. Not satisfied reopens; an answer after no answer is still taken."""
    received = the(complaint)
    if complaint.answer == command.answer and (complaint.status, command.answer) != ("reopened", "satisfied"):
        return []
    unanswered = complaint.status == "confirmed" and complaint.answer == "no_answer"
    if complaint.status != "communicated" and not unanswered:
        raise _conflict("not_communicated", "The customer can answer only what was communicated.")
    confirmed = ComplaintConfirmed(received.complaint_id, command.answer, received.customer_id)
    if command.answer != "not_satisfied":
        return [confirmed]
    return [confirmed, ComplaintReopened(received.complaint_id, NOT_SATISFIED, received.customer_id)]


def close(complaint: Complaint, command: CloseComplaint) -> list[Any]:
    """Needs the customer's answer, the root cause and the action taken, except when withdrawn."""
    received = the(complaint)
    if complaint.status == "closed":
        if (complaint.root_cause, complaint.action_taken) == (command.root_cause, command.action_taken):
            return []
        raise _conflict("already_closed", "The complaint is closed differently.")
    if complaint.status not in ("confirmed", "withdrawn", "referred_externally"):
        raise _conflict("not_confirmed", "The customer's answer to the outcome is missing.")
    if not complaint.withdrawn:
        _check_given(command.root_cause, "root_cause_required", "/root_cause")
        _check_given(command.action_taken, "action_taken_required", "/action_taken")
    return [ComplaintClosed(received.complaint_id, command.root_cause, command.action_taken, received.customer_id)]


def reopen(complaint: Complaint, command: ReopenComplaint) -> list[Any]:
    """Only what was answered can be opened again; a withdrawn complaint comes back as a new one."""
    received = the(complaint)
    if complaint.status == "reopened":
        return []
    if complaint.withdrawn or complaint.status not in ("communicated", "confirmed", "closed"):
        raise _conflict("not_answered", "Only a complaint that was answered can be reopened.")
    return [ComplaintReopened(received.complaint_id, command.reason, received.customer_id)]


def withdraw(complaint: Complaint) -> list[Any]:
    received = the(complaint)
    if complaint.withdrawn:
        return []
    if complaint.status == "closed":
        raise _conflict("already_closed", "The complaint is closed.")
    return [ComplaintWithdrawn(received.complaint_id, received.customer_id)]


def refer_externally(complaint: Complaint, command: ReferExternally) -> list[Any]:
    """From here on the other body leads; the complaint stays open until it is closed."""
    received = the(complaint)
    if complaint.referred_to == command.body:
        return []
    if complaint.status in ("closed", "withdrawn"):
        raise _conflict("already_ended", "The complaint is closed or withdrawn.")
    return [ComplaintReferredExternally(received.complaint_id, command.body, received.customer_id)]


def _check_given(text: str, code: str, pointer: str) -> None:
    if not text.strip():
        raise Rejected(code, "Closing a complaint needs its root cause and the action taken.", pointer)


def _conflict(code: str, detail: str) -> Rejected:
    return Rejected(code, detail, kind="conflict")
