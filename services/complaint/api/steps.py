"""Routes of a complaint's steps, from the acknowledgement to the closure."""

from collections.abc import Callable
from typing import Any, Literal

from services.complaint import ending, handling
from services.complaint.api.common import (
    TOPIC,
    ComplaintId,
    Complaints,
    Deciding,
    Handling,
    complaint_target,
    intent,
)
from services.complaint.contract import Complexity, Decision, Severity
from services.complaint.service import ComplaintService
from services.complaint.views import COMPLAINTS
from shared.envelope import Sealed
from shared.web import Body, Call, Code, Line, OccurredAt, Receipt, Text, found, problems, router

PATIENCE = 1.0
routes = router(tags=["complaints"])


class StepIn(Body):
    occurred_at: OccurredAt | None = None


class AssessmentIn(StepIn):
    severity: Severity
    complexity: Complexity
    impact: Line | None = None


class AssignmentIn(StepIn):
    handler_id: Code
    department: Line | None = None


class InvestigationNoteIn(StepIn):
    """Without a note it only says that the investigation is under way. The note is kept sealed."""

    note: Text | None = None


class DecisionIn(StepIn):
    decision: Decision
    remedy: Line | None = None


class CommunicationIn(StepIn):
    """`decision` may be left out where it is on record; a minor and simple case is decided with it."""

    decision: Decision | None = None


class ConfirmationIn(StepIn):
    """What the customer says to the outcome; not satisfied reopens the complaint."""

    answer: Literal["satisfied", "not_satisfied"]


class ClosureIn(StepIn):
    """Root cause and action taken are needed except when the complaint was withdrawn."""

    root_cause: Line | None = None
    action_taken: Line | None = None


class ReopeningIn(StepIn):
    reason: Line


class ExternalReferralIn(StepIn):
    """`body` is the ombudsman, regulator or court."""

    body: Line


Step = Callable[..., list[Any]]
RESPONSES = problems(404, 409, 412)


@routes.post("/v1/complaints/{complaint_id}/acknowledgements", summary="Acknowledge", responses=RESPONSES)
async def acknowledge(complaint_id: ComplaintId, body: StepIn, call: Handling, complaints: Complaints) -> Receipt:
    return await take(complaint_id, body, call, complaints, handling.acknowledge)


@routes.post("/v1/complaints/{complaint_id}/assessments", summary="Assess", responses=RESPONSES)
async def assess(complaint_id: ComplaintId, body: AssessmentIn, call: Handling, complaints: Complaints) -> Receipt:
    command = handling.AssessComplaint(body.severity, body.complexity, body.impact or "")
    return await take(complaint_id, body, call, complaints, handling.assess, command)


@routes.post("/v1/complaints/{complaint_id}/assignments", summary="Assign to a handler", responses=RESPONSES)
async def assign(complaint_id: ComplaintId, body: AssignmentIn, call: Handling, complaints: Complaints) -> Receipt:
    command = handling.AssignComplaint(body.handler_id, body.department or "")
    return await take(complaint_id, body, call, complaints, handling.assign, command)


@routes.post(
    "/v1/complaints/{complaint_id}/investigation-notes",
    summary="Note what was found",
    responses=problems(404, 409, 410, 412),
)
async def note_investigation(
    complaint_id: ComplaintId, body: InvestigationNoteIn, call: Handling, complaints: Complaints
) -> Receipt:
    note = await sealed_note(complaint_id, body.note, call, complaints)
    command = handling.NoteInvestigation(note)
    return await take(complaint_id, body, call, complaints, handling.note_investigation, command)


@routes.post("/v1/complaints/{complaint_id}/decisions", summary="Decide", responses=RESPONSES)
async def decide(complaint_id: ComplaintId, body: DecisionIn, call: Deciding, complaints: Complaints) -> Receipt:
    command = handling.DecideComplaint(body.decision, body.remedy or "")
    return await take(complaint_id, body, call, complaints, handling.decide, command)


@routes.post("/v1/complaints/{complaint_id}/communications", summary="Communicate the decision", responses=RESPONSES)
async def communicate(
    complaint_id: ComplaintId, body: CommunicationIn, call: Handling, complaints: Complaints
) -> Receipt:
    command = handling.CommunicateDecision(body.decision)
    return await take(complaint_id, body, call, complaints, handling.communicate, command)


@routes.post("/v1/complaints/{complaint_id}/confirmations", summary="Note the customer's answer", responses=RESPONSES)
async def confirm(complaint_id: ComplaintId, body: ConfirmationIn, call: Handling, complaints: Complaints) -> Receipt:
    command = ending.ConfirmComplaint(body.answer)
    return await take(complaint_id, body, call, complaints, ending.confirm, command)


@routes.post("/v1/complaints/{complaint_id}/closure", summary="Close", responses=RESPONSES)
async def close(complaint_id: ComplaintId, body: ClosureIn, call: Handling, complaints: Complaints) -> Receipt:
    command = ending.CloseComplaint(body.root_cause or "", body.action_taken or "")
    return await take(complaint_id, body, call, complaints, ending.close, command)


@routes.post("/v1/complaints/{complaint_id}/reopenings", summary="Reopen", responses=RESPONSES)
async def reopen(complaint_id: ComplaintId, body: ReopeningIn, call: Handling, complaints: Complaints) -> Receipt:
    return await take(complaint_id, body, call, complaints, ending.reopen, ending.ReopenComplaint(body.reason))


@routes.post("/v1/complaints/{complaint_id}/withdrawal", summary="Withdraw", responses=RESPONSES)
async def withdraw(complaint_id: ComplaintId, body: StepIn, call: Handling, complaints: Complaints) -> Receipt:
    return await take(complaint_id, body, call, complaints, ending.withdraw)


@routes.post("/v1/complaints/{complaint_id}/external-referral", summary="Refer to another body", responses=RESPONSES)
async def refer_externally(
    complaint_id: ComplaintId, body: ExternalReferralIn, call: Handling, complaints: Complaints
) -> Receipt:
    command = ending.ReferExternally(body.body)
    return await take(complaint_id, body, call, complaints, ending.refer_externally, command)


async def sealed_note(complaint_id: str, note: str | None, call: Call, complaints: ComplaintService) -> Sealed | None:
    """The note under the key of the customer concerned, or of the anonymous complaint."""
    if note is None:
        return None
    known = complaints.views.wait_row(COMPLAINTS, complaint_id, lambda row: row is not None, PATIENCE, call.scope)
    row = found(await known)
    return await complaints.vault.seal(row.customer_id or complaint_id, "note", note)


async def take(
    complaint_id: str, body: StepIn, call: Call, complaints: ComplaintService, step: Step, *arguments: Any
) -> Receipt:
    """Execute one step."""
    at = call.occurred_at(body.occurred_at)
    wanted = intent(complaint_target(complaint_id), step, *arguments, at=at)
    return await call.run(complaints.executor, wanted, topic=TOPIC)
