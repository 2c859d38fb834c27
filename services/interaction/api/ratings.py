"""Routes of ratings of service elements: one or many, with or without a customer."""

from collections.abc import Sequence
from datetime import datetime

from fastapi import Response

from services.directory import admit
from services.interaction import feedback
from services.interaction.api.common import (
    TOPIC,
    CustomerId,
    InstitutionId,
    InteractionId,
    Interactions,
    Rating,
    RatingId,
    Reading,
    feedback_target,
    intent,
)
from services.interaction.contract import LOG, Element, RatingSource, ServiceElementRated
from services.interaction.service import InteractionService
from services.interaction.views import RATINGS
from services.interaction.views.ratings import RatingRow
from shared.decider import Rejected
from shared.web import (
    Body,
    BulkLines,
    Call,
    Code,
    Cursor,
    Flag,
    Integer,
    Intent,
    Limit,
    OccurredAt,
    Page,
    Receipt,
    ReferenceIn,
    View,
    bulk,
    bulk_route,
    etag,
    found,
    problems,
    router,
)
from shared.web.resources import ReferenceOut, accepted, fresh, identity

routes = router(tags=["ratings"])


class RatingIn(Body):
    """`reversed` where low is good. Scales by source: device 1–5; survey 1–5, 1–7, 0–10; the others also 0–100."""

    customer_id: CustomerId | None = None
    institution_id: InstitutionId | None = None
    element: Element
    value: Integer
    scale_min: Integer
    scale_max: Integer
    source: RatingSource
    reversed: Flag = False
    employee_id: Code | None = None
    interaction_id: InteractionId | None = None
    reference: ReferenceIn | None = None
    occurred_at: OccurredAt | None = None


class RatingOut(View):
    id: str
    customer_id: str | None
    institution_id: str
    element: Element
    value: int
    scale_min: int
    scale_max: int
    source: RatingSource
    reversed: bool
    employee_id: str | None
    interaction_id: str | None
    reference: ReferenceOut | None
    occurred_at: datetime
    version: int


@routes.post("/v1/ratings", status_code=201, summary="Record a rating", responses=problems(409, 410))
async def record_rating(body: RatingIn, call: Rating, interactions: Interactions) -> Receipt:
    (wanted,) = await ratings([body], call, interactions)
    return await call.run(interactions.executor, accepted(wanted), topic=TOPIC, match=False)


@routes.post("/v1/ratings/bulk", summary="Record many ratings", responses=problems(), **bulk_route(RatingIn))
async def record_ratings(lines: BulkLines, call: Rating, interactions: Interactions) -> Response:
    async def prepare(bodies: Sequence[RatingIn]) -> list[Intent | Rejected]:
        return await ratings(bodies, call, interactions)

    return await bulk(call, lines, interactions.executor, RatingIn, prepare, topic=TOPIC)


@routes.get("/v1/ratings", summary="List ratings, newest first", responses=problems())
async def list_ratings(
    *,
    read: Reading,
    interactions: Interactions,
    customer_id: CustomerId | None = None,
    institution_id: InstitutionId | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[RatingOut]:
    await fresh(read, interactions.views, LOG)
    rows, after = await interactions.views.list(
        RATINGS,
        read.scope,
        owner=customer_id,
        institution=institution_id,
        after=read.after,
        limit=limit,
        descending=True,
    )
    return Page(items=[shown(row) for row in rows], next_cursor=read.next_cursor(after))


@routes.get("/v1/ratings/{rating_id}", summary="Read a rating", responses=problems(404))
async def read_rating(rating_id: RatingId, read: Reading, interactions: Interactions, response: Response) -> RatingOut:
    await fresh(read, interactions.views, LOG)
    row = found(await interactions.views.get(RATINGS, rating_id, read.scope))
    response.headers["ETag"] = etag(row.version)
    return shown(row)


async def ratings(bodies: Sequence[RatingIn], call: Call, interactions: InteractionService) -> list[Intent | Rejected]:
    """One intent per rating; the directory is asked once for all."""
    places = await admit(interactions.directory, bodies, call.scope)
    return [
        place if isinstance(place, Rejected) else rating(body, place, call)
        for body, place in zip(bodies, places, strict=True)
    ]


def rating(body: RatingIn, place: str, call: Call) -> Intent:
    """The intent of one rating."""
    reference = body.reference.value if body.reference else None
    rating_id = identity("rtg", call, body.reference)
    rated = ServiceElementRated(
        rating_id=rating_id,
        institution_id=place,
        reference=reference,
        **body.model_dump(exclude={"reference", "institution_id", "occurred_at"}),
    )
    at = call.occurred_at(body.occurred_at)
    key = call.reference_key("rating", reference)
    return intent(feedback_target("rating", rating_id), feedback.say, rated, at=at, key=key)


def shown(row: RatingRow) -> RatingOut:
    """As answers show it."""
    rated = row.rating
    fields = {name: getattr(rated, name) for name in _SAME}
    reference = ReferenceOut.of(rated.reference)
    return RatingOut(
        id=rated.rating_id, **fields, reference=reference, occurred_at=row.occurred_at, version=row.version
    )


_SAME = (RatingOut.model_fields.keys() & set(ServiceElementRated.__struct_fields__)) - {"reference"}
"""Fields that an answer shows as the event has them."""
