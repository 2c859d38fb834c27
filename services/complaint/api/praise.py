"""Routes of praise: record and read."""

from datetime import datetime

from fastapi import Response

from services.complaint import praise
from services.complaint.api.common import (
    TOPIC,
    Complaints,
    CustomerId,
    Handling,
    InstitutionId,
    PraiseId,
    Reading,
    intent,
    praise_target,
)
from services.complaint.contract import LOG, PraiseRecorded
from services.complaint.views import PRAISE
from services.directory import admit
from shared.web import Body, Code, OccurredAt, Receipt, ReferenceIn, View, etag, found, problems, router
from shared.web.resources import accepted, fresh, identity

routes = router(tags=["praise"])


class PraiseIn(Body):
    """Without a customer it needs an institution."""

    customer_id: CustomerId | None = None
    institution_id: InstitutionId | None = None
    employee_id: Code | None = None
    reference: ReferenceIn | None = None
    occurred_at: OccurredAt | None = None


class PraiseOut(View):
    id: str
    customer_id: str | None
    institution_id: str
    employee_id: str | None
    occurred_at: datetime
    version: int


@routes.post("/v1/praise", status_code=201, summary="Record praise", responses=problems(409, 410))
async def record_praise(body: PraiseIn, call: Handling, complaints: Complaints) -> Receipt:
    (place,) = await admit(complaints.directory, [body], call.scope)
    praise_id = identity("pra", call, body.reference)
    recorded = PraiseRecorded(praise_id, accepted(place), body.customer_id, body.employee_id)
    at = call.occurred_at(body.occurred_at)
    key = call.reference_key("praise", body.reference.value if body.reference else None)
    wanted = intent(praise_target(praise_id), praise.record, recorded, at=at, key=key)
    return await call.run(complaints.executor, wanted, topic=TOPIC, match=False)


@routes.get("/v1/praise/{praise_id}", summary="Read praise", responses=problems(404))
async def read_praise(praise_id: PraiseId, read: Reading, complaints: Complaints, response: Response) -> PraiseOut:
    await fresh(read, complaints.views, LOG)
    row = found(await complaints.views.get(PRAISE, praise_id, read.scope))
    response.headers["ETag"] = etag(row.version)
    said = row.praise
    return PraiseOut(
        id=said.praise_id,
        customer_id=said.customer_id,
        institution_id=said.institution_id,
        employee_id=said.employee_id,
        occurred_at=row.occurred_at,
        version=row.version,
    )
