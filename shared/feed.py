"""The feed port: where a projector's events come from, a log (embedded, rebuild) or Kafka (live)."""

from collections.abc import Mapping
from typing import Protocol, TypeAlias

import msgspec

from shared.envelope import Envelope

Offsets: TypeAlias = dict[str, int]
"""Log or topic name → the next offset to read. For a log the offset is the position already read (`after`)."""


class Poison(msgspec.Struct, frozen=True):
    """A record whose key is known but whose content cannot be decoded: its key is parked.

    `channel`, `position` and `key` are as of an envelope; `raw` is the wire value; `error` names what is wrong.
    """

    channel: str
    position: int
    key: str
    raw: bytes
    error: str


Delivery: TypeAlias = Envelope | Poison


class Batch(msgspec.Struct, frozen=True):
    """What one poll brought: deliveries per partition in feed order, and where each partition's reading continues.

    A partition may be in `offsets` without deliveries (records that concern nobody were passed over).
    """

    deliveries: dict[int, list[Delivery]]
    offsets: dict[int, Offsets]


class Feed(Protocol):
    """A partitioned, replayable source of envelopes. One task polls; `seek` positions what was newly assigned."""

    async def start(self) -> None:
        """Connect; partitions may be assigned any time after."""
        ...

    async def stop(self) -> None:
        """Disconnect; idempotent."""
        ...

    def unpositioned(self) -> frozenset[int]:
        """Partitions that are assigned but deliver nothing until `seek` has told where to begin."""
        ...

    def assigned(self) -> frozenset[int]:
        """Partitions that this feed reads now."""
        ...

    async def seek(self, positions: Mapping[int, Offsets]) -> None:
        """Begin at these offsets (absent topics or logs: at the start) and deliver from there."""
        ...

    async def poll(self, limit: int, seconds: float) -> Batch:
        """Up to `limit` deliveries, waiting at most `seconds` for the first. Raises on infrastructure errors."""
        ...
