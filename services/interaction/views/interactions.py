"""One row per contact as last corrected, found by its customer, in order of time."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.interaction import contract as c
from shared.envelope import Envelope, Sealed
from shared.projection import Index, View


class InteractionRow(msgspec.Struct, frozen=True):
    """`contact` as last corrected, `notes` as first recorded; `voided_because` None: it stands."""

    contact: c.InteractionRecorded
    occurred_at: datetime
    recorded_at: datetime
    version: int
    notes: Sealed | None = None
    corrections: int = 0
    voided_because: str | None = None


def ids(envelope: Envelope) -> Sequence[str]:
    known = isinstance(envelope.data, c.InteractionRecorded | c.InteractionCorrected | c.InteractionVoided)
    return (envelope.data.interaction_id,) if known else ()


def evolve(row: InteractionRow | None, _: str, envelope: Envelope) -> InteractionRow | None:
    event = envelope.data
    if isinstance(event, c.InteractionRecorded):
        return InteractionRow(event, envelope.occurred_at, envelope.recorded_at, envelope.version, event.notes)
    if row is None:
        return None
    row = msgspec.structs.replace(row, version=envelope.version)
    if isinstance(event, c.InteractionCorrected):
        replacement = event.replacement
        return msgspec.structs.replace(
            row, contact=replacement.data, occurred_at=replacement.occurred_at, corrections=row.corrections + 1
        )
    return msgspec.structs.replace(row, voided_because=event.reason)


INTERACTIONS = View(
    name="interaction",
    row=InteractionRow,
    ids=ids,
    evolve=evolve,
    index=lambda row: Index(
        owner=row.contact.customer_id, institution=row.contact.institution_id, rank=row.occurred_at.isoformat()
    ),
)
