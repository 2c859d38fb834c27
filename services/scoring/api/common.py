"""What every route of the scoring service shares: its service, who may read, and the two clocks of a question."""

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query, Security

from services.scoring.relationships import Clocks
from services.scoring.service import ScoringService
from shared import times
from shared.web import Edge, OccurredAt, Read, browse, edge_of, identifier, invalid, read, serving

Scoring = Annotated[ScoringService, Depends(serving("scoring"))]
CustomerId = Annotated[str, identifier("cus")]
Reading = Annotated[Read, Security(read, scopes=["scores:read"])]
Browsing = Annotated[Read, Security(browse, scopes=["scores:read"])]
AsOf = Annotated[
    OccurredAt | None,
    Query(description="What had happened by then; a date alone is the end of that local day.", examples=["2026-06-30"]),
]
KnownAt = Annotated[
    OccurredAt | None,
    Query(description="What had been recorded by then; a date alone is the end of that local day."),
]


def clocks(read: Read, as_of: datetime | date | None, known_at: datetime | date | None) -> Clocks:
    """Both clocks as instants. Raises `Problem` 422 for one that lies in the future."""
    edge = edge_of(read.request)
    return Clocks(_instant(edge, as_of, "as_of"), _instant(edge, known_at, "known_at"))


def _instant(edge: Edge, given: datetime | date | None, name: str) -> datetime | None:
    if given is None:
        return None
    now = edge.clock()
    if isinstance(given, datetime):
        instant = given
    else:
        instant = times.start_of_day(given + timedelta(days=1), edge.zone) - timedelta(microseconds=1)
        if given == times.local_day(now, edge.zone):
            instant = now
    if instant > now:
        raise invalid(f"{name}_in_future", f"{name} lies in the future.", name)
    return instant
