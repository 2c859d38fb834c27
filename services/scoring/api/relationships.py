"""Routes that answer for single customers: the assessment as it is or was, in one or in many."""

import zlib
from typing import Annotated

from fastapi import Header, Response
from pydantic import Field

from services.scoring.answers import RelationshipOut
from services.scoring.api.common import AsOf, Browsing, CustomerId, KnownAt, Reading, Scoring, clocks
from services.scoring.relationships import Clocks
from services.scoring.tables import AssessmentRow
from shared.web import Body, View, found, problems, router

JSON = "application/json"
BATCH = 1_000
NOT_MODIFIED = {"description": "Nothing changed since the answer that had one of these ETags."}

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
    responses={304: NOT_MODIFIED, **problems(404)},
)
async def read_relationship(
    customer_id: CustomerId,
    read: Reading,
    scoring: Scoring,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    if_none_match: Annotated[str | None, Header(max_length=2048, description="ETags of earlier answers.")] = None,
) -> Response:
    asked = clocks(read, as_of, known_at)
    row = found(await scoring.relationships.current(customer_id, read.scope, read.positions))
    if asked == Clocks():
        headers = {"ETag": weak_etag(row)}
        if if_none_match is not None and _names(if_none_match, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(row.body, media_type=JSON, headers=headers)
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
    """Of what an assessment depends on. The checksum tells a change of another member of a merged group."""
    return f'W/"{row.revision}-{row.day}-{zlib.crc32(row.body):x}-{row.policy}"'


def _names(if_none_match: str, tag: str) -> bool:
    """The weak comparison: a list of tags, or an asterisk for any."""
    opaque = tag.removeprefix("W/")
    return any(given.strip() == "*" or given.strip().removeprefix("W/") == opaque for given in if_none_match.split(","))
