"""One row per rating, found by its customer where there is one, in order of time."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.interaction import contract as c
from shared.envelope import Envelope
from shared.projection import Index, View


class RatingRow(msgspec.Struct, frozen=True):
    rating: c.ServiceElementRated
    occurred_at: datetime
    version: int


def ids(envelope: Envelope) -> Sequence[str]:
    return (envelope.data.rating_id,) if isinstance(envelope.data, c.ServiceElementRated) else ()


def evolve(_: RatingRow | None, __: str, envelope: Envelope) -> RatingRow:
    return RatingRow(envelope.data, envelope.occurred_at, envelope.version)


RATINGS = View(
    name="rating",
    row=RatingRow,
    ids=ids,
    evolve=evolve,
    index=lambda row: Index(
        owner=row.rating.customer_id or "", institution=row.rating.institution_id, rank=row.occurred_at.isoformat()
    ),
)
