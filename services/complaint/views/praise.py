"""One row per praise, found by its customer where there is one, in order of time."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.complaint import contract as c
from shared.envelope import Envelope
from shared.projection import Index, View


class PraiseRow(msgspec.Struct, frozen=True):
    praise: c.PraiseRecorded
    occurred_at: datetime
    version: int


def ids(envelope: Envelope) -> Sequence[str]:
    return (envelope.data.praise_id,) if isinstance(envelope.data, c.PraiseRecorded) else ()


def evolve(_: PraiseRow | None, __: str, envelope: Envelope) -> PraiseRow:
    return PraiseRow(envelope.data, envelope.occurred_at, envelope.version)


PRAISE = View(
    name="praise",
    row=PraiseRow,
    ids=ids,
    evolve=evolve,
    index=lambda row: Index(
        owner=row.praise.customer_id or "", institution=row.praise.institution_id, rank=row.occurred_at.isoformat()
    ),
)
