"""The evidence as of a moment, from the customer's timeline, through the very functions that fold it live."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from services.scoring.delta import feed, later
from services.scoring.evidence import Evidence, Working
from services.scoring.refold import Refold
from shared.envelope import Envelope


class _Filtered:
    """Keeps the parts up to an instant; the later ones are written where nobody reads."""

    def __init__(self, as_of: datetime, refold: Refold) -> None:
        self._as_of = as_of
        self._refold = refold
        self.kept = Working()

    def on(self, moment: datetime | int) -> Working:
        return Working() if later(moment, self._as_of, self._refold) else self.kept


def known(timeline: Iterable[Envelope], known_at: datetime | None) -> Iterator[Envelope]:
    """What had been recorded by an instant; everything where none is given."""
    return (envelope for envelope in timeline if known_at is None or envelope.recorded_at <= known_at)


def evidence_as_of(
    timeline: Iterable[Envelope],
    refold: Refold,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> Evidence:
    """Evidence of what had happened by `as_of`, as far as it was recorded by `known_at`.

    A retraction is admitted by `known_at` alone: it says that the record was wrong, not that the world changed; each
    of its parts obeys `as_of` by its own date. With neither filter this is the live evidence.
    """
    if as_of is None:
        working = Working()
        for envelope in known(timeline, known_at):
            feed(working, envelope, refold)
        return working.freeze()
    filtered = _Filtered(as_of, refold)
    for envelope in known(timeline, known_at):
        feed(filtered, envelope, refold)
    return filtered.kept.freeze()
