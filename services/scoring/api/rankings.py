"""Routes that compare customers with each other."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Query, Response

from services.scoring.answers import RelationshipOut
from services.scoring.api.common import Browsing, Scoring
from services.scoring.calendar import date_of
from services.scoring.tables import AssessmentRow, Ranking
from shared import times
from shared.web import Code, Cursor, Limit, Page, edge_of, identifier, invalid, problems, router

routes = router(tags=["rankings"])

Institution = Annotated[str, identifier("ins")]


class RankingOut(Page[RelationshipOut]):
    """`fresh_as_of` is the local day for which the rows were assessed."""

    fresh_as_of: date


@routes.get(
    "/v1/relationships",
    summary="Rank relationships: strongest first, or those that fell most in 30 days first",
    response_model=RankingOut,
    responses=problems(),
)
async def rank_relationships(
    read: Browsing,
    scoring: Scoring,
    order: Literal["strength", "change"] = "strength",
    reverse: Annotated[bool, Query(description="The other end first: weakest, or those that rose most.")] = False,
    institution: Institution | None = None,
    tier: Literal["gold", "key", "quasi_key", "ordinary", "marginal"] | None = None,
    manager: Code | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    ranking = Ranking(order, descending=(order == "strength") != reverse)
    filters = {"institution": institution, "tier": tier, "manager": manager}
    given = {name: value for name, value in filters.items() if value is not None}
    after = _after(read.after)
    rows = await scoring.assessments.ranking(ranking, read.scope, given, after, limit)
    last = _key(rows[-1], ranking) if len(rows) == limit else None
    edge = edge_of(read.request)
    return _answer(rows, read.next_cursor(last), times.local_day(edge.clock(), edge.zone))


def _answer(rows: list[AssessmentRow], cursor: str | None, today: date) -> Response:
    oldest = min((row.day for row in rows), default=None)
    fresh = today if oldest is None else date_of(oldest)
    # The rows' answers are stored as JSON; taking them apart to put them together again would be the slow part.
    after = b"null" if cursor is None else b'"' + cursor.encode() + b'"'
    body = b'{"items":[%b],"next_cursor":%b,"fresh_as_of":"%b"}'
    content = body % (b",".join(row.body for row in rows), after, fresh.isoformat().encode())
    return Response(content, media_type="application/json")


def _key(row: AssessmentRow, ranking: Ranking) -> list[Any]:
    return [getattr(row, ranking.by), row.customer]


def _after(after: Any) -> tuple[int, str] | None:
    if after is None:
        return None
    try:
        value, customer = after
        return int(value), str(customer)
    except (TypeError, ValueError):
        raise invalid("invalid_cursor", "The cursor is not one of this list.", "cursor") from None
