"""Routes that answer for single customers: the assessment as it is or was, in one or in many."""

from typing import Annotated

from fastapi import Response
from pydantic import Field

from services.scoring.answers import RelationshipOut
from services.scoring.api.common import AsOf, Browsing, CustomerId, KnownAt, Reading, Scoring, clocks
from services.scoring.relationships import Clocks
from services.scoring.tables import AssessmentRow
from shared.web import Body, View, found, problems, router

JSON = "application/json"
BATCH = 1_000

routes = router(tags=["relationships"])


class BatchIn(Body):
    """The customers to answer for; those out of scope or unknown are left out of the answer."""

    customer_ids: Annotated[list[CustomerId], Field(min_length=1, max_length=BATCH)]


class BatchOut(View):
    items: list[RelationshipOut]


@routes.get(
    "/v1/relationships/{customer_id}",
    summary="The strength of a relationship, now or as of a past instant",
    response_model=RelationshipOut,
    responses=problems(404),
)
async def read_relationship(
    customer_id: CustomerId, read: Reading, scoring: Scoring, as_of: AsOf = None, known_at: KnownAt = None
) -> Response:
    asked = clocks(read, as_of, known_at)
    row = found(await scoring.relationships.current(customer_id, read.scope, read.positions))
    if asked == Clocks():
        return Response(row.body, media_type=JSON, headers={"ETag": weak_etag(row)})
    answer = found(await scoring.relationships.as_of(customer_id, read.scope, asked))
    return Response(answer.model_dump_json(), media_type=JSON)


@routes.post(
    "/v1/relationships/batch",
    summary="The strength of up to 1,000 relationships",
    response_model=BatchOut,
    responses=problems(),
)
async def read_relationships(body: BatchIn, read: Browsing, scoring: Scoring) -> Response:
    rows = await scoring.assessments.get(body.customer_ids, read.scope)
    wanted = dict.fromkeys(body.customer_ids)
    bodies = [rows[customer].body for customer in wanted if customer in rows]
    return Response(b'{"items":[' + b",".join(bodies) + b"]}", media_type=JSON)


def weak_etag(row: AssessmentRow) -> str:
    """Of what an assessment depends on; the same score may come with another tag."""
    change = "" if row.change is None else row.change
    return f'W/"{row.revision}-{row.day}-{change}-{row.policy}"'
