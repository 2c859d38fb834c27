"""Routes that show complaints and their deadlines."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query, Response

from services.complaint.api.answers import ComplaintOut, shown
from services.complaint.api.common import ComplaintId, Complaints, CustomerId, InstitutionId, Reading
from services.complaint.complaint import Status
from services.complaint.contract import LOG
from services.complaint.deadlines import PRESETS, State, deadlines
from services.complaint.views import COMPLAINTS
from services.complaint.views.complaints import ranks
from shared import times
from shared.web import Cursor, Limit, OccurredAt, Page, View, edge_of, etag, found, problems, router
from shared.web.resources import fresh

routes = router(tags=["complaints"])


class DeadlineOut(View):
    """`derivation` says, step by step, how the date came about and why the clock stands as it does."""

    clock: str
    due_at: datetime
    state: State
    derivation: list[str]


class DeadlinesOut(View):
    complaint_id: str
    preset: str
    preset_version: str
    source: str
    as_of: datetime
    deadlines: list[DeadlineOut]


@routes.get("/v1/complaints", summary="List complaints, by state and how long they are in it", responses=problems())
async def list_complaints(
    *,
    read: Reading,
    complaints: Complaints,
    customer_id: CustomerId | None = None,
    institution_id: InstitutionId | None = None,
    status: Status | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ComplaintOut]:
    await fresh(read, complaints.views, LOG)
    first, last = ranks(status)
    rows, after = await complaints.views.list(
        COMPLAINTS,
        read.scope,
        owner=customer_id,
        institution=institution_id,
        first_rank=first,
        last_rank=last,
        after=read.after,
        limit=limit,
    )
    return Page(items=await shown(rows, read, complaints), next_cursor=read.next_cursor(after))


@routes.get("/v1/complaints/{complaint_id}", summary="Read a complaint", responses=problems(404))
async def read_complaint(
    complaint_id: ComplaintId, read: Reading, complaints: Complaints, response: Response
) -> ComplaintOut:
    await fresh(read, complaints.views, LOG)
    row = found(await complaints.views.get(COMPLAINTS, complaint_id, read.scope))
    response.headers["ETag"] = etag(row.version)
    (item,) = await shown([row], read, complaints)
    return item


@routes.get(
    "/v1/complaints/{complaint_id}/deadlines", summary="Derive a complaint's deadlines", responses=problems(404)
)
async def read_deadlines(
    *,
    complaint_id: ComplaintId,
    read: Reading,
    complaints: Complaints,
    preset: Annotated[Literal["internal-24h"], Query(description="Whose rules.")] = "internal-24h",
    as_of: Annotated[OccurredAt | None, Query(description="As the clocks stood then; now when absent.")] = None,
) -> DeadlinesOut:
    await fresh(read, complaints.views, LOG)
    row = found(await complaints.views.get(COMPLAINTS, complaint_id, read.scope))
    edge, rules = edge_of(read.request), PRESETS[preset]
    at = times.instant(as_of, edge.zone, edge.clock())
    items = [
        DeadlineOut(clock=one.clock, due_at=one.due_at, state=one.state, derivation=list(one.derivation))
        for one in deadlines(row.steps, rules, edge.zone, at)
    ]
    return DeadlinesOut(
        complaint_id=complaint_id,
        preset=rules.name,
        preset_version=rules.version,
        source=rules.source,
        as_of=at,
        deadlines=items,
    )
