"""A customer's row: the evidence, and how far each channel has been folded into it."""

import msgspec

from services.scoring import evidence as monoid
from services.scoring.delta import feed
from services.scoring.evidence import IDENTITY, Evidence, Working
from services.scoring.refold import Refold
from shared.envelope import Envelope


class Row(msgspec.Struct, frozen=True):
    """`seen`: channel -> highest position folded. It guards the fold and is not part of the monoid."""

    evidence: Evidence = IDENTITY
    seen: dict[str, int] = {}


class Fold:
    """A row while a batch is folded into it, in place. Equal to calling `evolve` event by event."""

    __slots__ = ("_refold", "_seen", "_working")

    def __init__(self, refold: Refold, row: Row | None = None) -> None:
        start = row or Row()
        self._refold = refold
        self._working = Working(start.evidence)
        self._seen = dict(start.seen)

    def apply(self, envelope: Envelope) -> bool:
        """Fold one event; False when it was folded before."""
        channel = envelope.channel
        if envelope.position <= self._seen.get(channel, 0):
            return False
        feed(self._working, envelope, self._refold)
        self._seen[channel] = envelope.position
        return True

    def freeze(self) -> Row:
        """The row; the fold must not be used afterwards."""
        return Row(self._working.freeze(), self._seen)


def evolve(row: Row, envelope: Envelope, refold: Refold) -> Row:
    """The row after one event; an event folded before changes nothing."""
    fold = Fold(refold, row)
    return fold.freeze() if fold.apply(envelope) else row


class _Stored(msgspec.Struct, array_like=True, frozen=True):
    evidence: msgspec.Raw
    seen: dict[str, int]


_decoder = msgspec.msgpack.Decoder(_Stored)


def encode(row: Row) -> bytes:
    """The one byte form of this row."""
    return msgspec.msgpack.encode(_Stored(msgspec.Raw(monoid.encode(row.evidence)), dict(sorted(row.seen.items()))))


def decode(data: bytes) -> Row:
    """The inverse of `encode`."""
    stored = _decoder.decode(data)
    return Row(monoid.decode(bytes(stored.evidence)), stored.seen)
