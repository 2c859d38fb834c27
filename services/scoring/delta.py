"""What one event adds to a customer's evidence. Every fold of the product, live or as of a date, goes through here."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, cast

import msgspec

from services.scoring import delta_complaint, delta_customer, delta_interaction
from services.scoring.calendar import local_day
from services.scoring.evidence import Evidence, Target, Working
from services.scoring.refold import Refold
from shared.envelope import Envelope

Feed = Callable[[Target, Any, Envelope, Refold], None]
_FEEDS: dict[type, Feed] = {**delta_customer.FEEDS, **delta_interaction.FEEDS, **delta_complaint.FEEDS}


def feed(target: Target, envelope: Envelope, refold: Refold) -> None:
    """Write what an event adds; an event that feeds nothing, or is unknown, adds nothing."""
    handler = _FEEDS.get(cast("type[object]", type(envelope.data)))
    if handler is not None:
        handler(target, envelope.data, envelope, refold)


def delta(envelope: Envelope, refold: Refold) -> Evidence:
    """What an event adds, as evidence of its own."""
    working = Working()
    feed(working, envelope, refold)
    return working.freeze()


class Part(msgspec.Struct, frozen=True):
    """One dated part of a delta: at an instant of business time, or on a local day number."""

    moment: datetime | int
    evidence: Evidence

    def admitted(self, as_of: datetime, refold: Refold) -> bool:
        """Whether the part's date is not later than an instant; a day counts from its beginning."""
        return not later(self.moment, as_of, refold)


def later(moment: datetime | int, as_of: datetime, refold: Refold) -> bool:
    """Whether a part of this date lies in the future of an instant."""
    return moment > as_of if isinstance(moment, datetime) else moment > local_day(as_of, refold.zone)


class _Parts:
    def __init__(self) -> None:
        self._parts: dict[datetime | int, Working] = {}

    def on(self, moment: datetime | int) -> Working:
        return self._parts.setdefault(moment, Working())

    def frozen(self) -> Iterator[Part]:
        return (Part(moment, working.freeze()) for moment, working in self._parts.items())


def parts(envelope: Envelope, refold: Refold) -> list[Part]:
    """The delta by date: `delta` is their merge, and a reading as of a date leaves the later ones out."""
    collected = _Parts()
    feed(collected, envelope, refold)
    return list(collected.frozen())
