"""Routes by which complaints come in: one or many."""

from collections.abc import Sequence

from fastapi import Response

from services.complaint import handling
from services.complaint.api.common import (
    TOPIC,
    Complaints,
    CustomerId,
    Handling,
    InstitutionId,
    complaint_target,
    intent,
)
from services.complaint.contract import ComplaintReceived, Loss, Regime, Severity
from services.complaint.service import ComplaintService
from services.directory import admit
from shared.decider import Rejected
from shared.envelope import Sealed
from shared.execute import AHEAD
from shared.sealing import seal_each
from shared.web import (
    Body,
    BulkLines,
    Call,
    Code,
    Flag,
    Intent,
    Line,
    MoneyIn,
    OccurredAt,
    Receipt,
    ReferenceIn,
    Text,
    bulk,
    bulk_route,
    problems,
    router,
)
from shared.web.resources import accepted, identity

routes = router(tags=["complaints"])


class ComplaintIn(Body):
    """Without a customer it is anonymous and needs an institution; `severity` is as the customer perceives it."""

    customer_id: CustomerId | None = None
    institution_id: InstitutionId | None = None
    channel: Code
    product: Code
    issue: Line
    on_behalf_of: Flag = False
    severity: Severity | None = None
    loss: MoneyIn | None = None
    narrative: Text | None = None
    sent_at: OccurredAt | None = None
    regime: Regime = "standard"
    reference: ReferenceIn | None = None
    occurred_at: OccurredAt | None = None


@routes.post("/v1/complaints", status_code=201, summary="Receive a complaint", responses=problems(409, 410))
async def receive_complaint(body: ComplaintIn, call: Handling, complaints: Complaints) -> Receipt:
    (wanted,) = await receptions([body], call, complaints)
    return await call.run(complaints.executor, accepted(wanted), topic=TOPIC, match=False)


@routes.post("/v1/complaints/bulk", summary="Receive many complaints", responses=problems(), **bulk_route(ComplaintIn))
async def receive_complaints(lines: BulkLines, call: Handling, complaints: Complaints) -> Response:
    async def prepare(bodies: Sequence[ComplaintIn]) -> list[Intent | Rejected]:
        return await receptions(bodies, call, complaints)

    return await bulk(call, lines, complaints.executor, ComplaintIn, prepare, topic=TOPIC)


async def receptions(
    bodies: Sequence[ComplaintIn], call: Call, complaints: ComplaintService
) -> list[Intent | Rejected]:
    """One intent per complaint; directory and vault are asked once for all."""
    places = await admit(complaints.directory, bodies, call.scope)
    ids = [identity("cmp", call, body.reference) for body in bodies]
    narratives = await seal_each(
        complaints.vault,
        [
            (body.customer_id or complaint_id, "narrative", body.narrative)
            if body.narrative is not None and not isinstance(place, Rejected)
            else None
            for body, place, complaint_id in zip(bodies, places, ids, strict=True)
        ],
    )
    return [reception(*each, call) for each in zip(bodies, places, ids, narratives, strict=True)]


def reception(
    body: ComplaintIn, place: str | Rejected, complaint_id: str, narrative: Sealed | Rejected | None, call: Call
) -> Intent | Rejected:
    """The intent of one complaint."""
    if isinstance(place, Rejected):
        return place
    if isinstance(narrative, Rejected):
        return narrative
    sent_at = call.occurred_at(body.sent_at) if body.sent_at else None
    if sent_at is not None and sent_at > call.now + AHEAD:
        return Rejected("sent_in_future", "sent_at lies in the future.", "/sent_at")
    reference = body.reference.value if body.reference else None
    received = ComplaintReceived(
        complaint_id=complaint_id,
        institution_id=place,
        channel=body.channel,
        product=body.product,
        issue=body.issue,
        customer_id=body.customer_id,
        on_behalf_of=body.on_behalf_of,
        severity=body.severity,
        loss=Loss(body.loss.minor, body.loss.currency) if body.loss else None,
        narrative=narrative,
        sent_at=min(sent_at, call.now) if sent_at else None,
        regime=body.regime,
        reference=reference,
    )
    at = call.occurred_at(body.occurred_at)
    key = call.reference_key("complaint", reference)
    return intent(complaint_target(complaint_id), handling.receive, received, at=at, key=key)
