"""The events that stand: a timeline without what was taken back, each event with what it adds."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from services.customer.contract import TransactionPosted, TransactionReversed
from services.interaction.contract import InteractionCorrected, InteractionRecorded, InteractionVoided
from services.scoring.delta import parts
from services.scoring.evidence import Evidence, merge
from services.scoring.refold import Refold
from shared.envelope import Envelope

RETRACTABLE = (TransactionPosted, TransactionReversed, InteractionRecorded, InteractionCorrected, InteractionVoided)


class Standing(msgspec.Struct, frozen=True):
    """An event, when it happened as now known, and its delta up to the moment asked about."""

    id: str
    order: tuple[str, int]
    type: str
    occurred_at: datetime
    delta: Evidence


def standing(timeline: Iterable[Envelope], refold: Refold, as_of: datetime | None = None) -> list[Standing]:
    """The standing events in the order of their ids.

    Of a record that was corrected or voided only the last word counts: the correction with its replacement, or nothing.
    """
    last: dict[str, Envelope] = {}
    for envelope in timeline:
        name = envelope.stream if isinstance(envelope.data, RETRACTABLE) else envelope.id
        held = last.get(name)
        if held is None or envelope.version > held.version:
            last[name] = envelope
    found = (_stand(envelope, refold, as_of) for envelope in last.values())
    return sorted((event for event in found if event is not None), key=lambda event: event.order)


def _stand(envelope: Envelope, refold: Refold, as_of: datetime | None) -> Standing | None:
    if isinstance(envelope.data, InteractionVoided | TransactionReversed):
        return None
    valid = envelope
    if isinstance(envelope.data, InteractionCorrected):
        replacement = envelope.data.replacement
        valid = msgspec.structs.replace(envelope, data=replacement.data, occurred_at=replacement.occurred_at)
    admitted = [part for part in parts(valid, refold) if as_of is None or part.admitted(as_of, refold)]
    if not admitted:
        return None
    delta = merge(*(part.evidence for part in admitted))
    return Standing(envelope.id, (envelope.log, envelope.position), envelope.type, valid.occurred_at, delta)
