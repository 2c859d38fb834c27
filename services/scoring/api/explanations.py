"""Routes that show what lies behind a score: its explanation, and the customer's timeline."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import msgspec
from fastapi import Response

from services.scoring.answers import ExplanationOut
from services.scoring.api.common import AsOf, CustomerId, KnownAt, Reading, Scoring, clocks
from shared.envelope import Sealed
from shared.projection_store import TimelineEvent
from shared.web import Cursor, Limit, Page, View, found, invalid, problems, router

SEALED = frozenset(Sealed.__struct_fields__)

routes = router(tags=["relationships"])


class TimelineOut(View):
    """An event of the customer, from whichever service, without personal values."""

    id: str
    type: str
    schema_version: int
    stream: str
    version: int
    occurred_at: datetime
    recorded_at: datetime
    data: Mapping[str, Any]


@routes.get(
    "/v1/relationships/{customer_id}/explanation",
    summary="Why the strength is what it is, down to the events",
    response_model=ExplanationOut,
    responses=problems(404),
)
async def read_explanation(
    customer_id: CustomerId, read: Reading, scoring: Scoring, as_of: AsOf = None, known_at: KnownAt = None
) -> Response:
    asked = clocks(read, as_of, known_at)
    found(await scoring.relationships.current(customer_id, read.scope, read.positions))
    answer = found(await scoring.relationships.explanation(customer_id, read.scope, asked))
    return Response(answer.model_dump_json(), media_type="application/json")


@routes.get(
    "/v1/relationships/{customer_id}/timeline",
    summary="Every event of a customer across the services, newest first",
    responses=problems(404),
)
async def read_timeline(
    customer_id: CustomerId, read: Reading, scoring: Scoring, limit: Limit = 50, cursor: Cursor = None
) -> Page[TimelineOut]:
    found(await scoring.relationships.current(customer_id, read.scope, read.positions))
    events = await scoring.views.timeline(customer_id, read.scope, before=_before(read.after), limit=limit)
    last = events[-1] if len(events) == limit else None
    after = [last.occurred_at.isoformat(), last.channel, last.position] if last else None
    return Page(items=[_shown(event) for event in events], next_cursor=read.next_cursor(after))


def _before(after: Any) -> tuple[datetime, str, int] | None:
    if after is None:
        return None
    try:
        moment, channel, position = after
        return datetime.fromisoformat(moment), str(channel), int(position)
    except (TypeError, ValueError):
        raise invalid("invalid_cursor", "The cursor is not one of this list.", "cursor") from None


def _shown(event: TimelineEvent) -> TimelineOut:
    return TimelineOut(
        id=f"{event.channel.partition('/')[0]}:{event.position}",
        type=event.type,
        schema_version=event.schema,
        stream=event.stream,
        version=event.version,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        data=_clear(msgspec.json.decode(event.data)),
    )


def _clear(value: Any) -> Any:
    """The data without what is left of its sealed values: the timeline keeps them emptied, so that it can be folded."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value).items()
        return {name: _clear(member) for name, member in members if not _sealed(member)}
    if isinstance(value, list):
        return [_clear(member) for member in cast("list[Any]", value)]
    return value


def _sealed(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == SEALED
