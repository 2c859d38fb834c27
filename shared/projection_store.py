"""The projection store port: one transaction that moves the cursors and writes what a batch changed, or nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

import msgspec

from shared.feed import Offsets
from shared.projection import Index, Projection

RowKey: TypeAlias = tuple[str, str]
"""(view name, row id)."""


class Cursor(msgspec.Struct, frozen=True):
    """How far a partition is folded.

    `revision` rises with every saved batch and is what a stale worker is fenced by. `seen` is the highest position
    folded per channel, by which a record that was published twice is dropped. `parked` are the keys that wait.
    """

    offsets: Offsets = {}
    revision: int = 0
    seen: dict[str, int] = {}
    parked: frozenset[str] = frozenset()


class Move(msgspec.Struct, frozen=True):
    """A partition's cursor after a batch; `revision` is the one it must still have."""

    partition: int
    revision: int
    offsets: Offsets
    seen: dict[str, int]


class StoredRow(msgspec.Struct, frozen=True):
    """A row's bytes as they were saved last, and how often the row has been saved."""

    data: bytes
    revision: int


class RowChange(msgspec.Struct, frozen=True):
    """A row after a batch. `data` None deletes it; `revision` is the one it must still have, 0 for a new row."""

    view: str
    id: str
    data: bytes | None
    index: Index
    revision: int


class TimelineEvent(msgspec.Struct, frozen=True):
    """One event of a key's history. `data` is its JSON in schema `schema`, without sealed fields."""

    channel: str
    position: int
    key: str
    occurred_at: datetime
    recorded_at: datetime
    type: str
    schema: int
    data: bytes
    stream: str
    version: int
    meta: bytes


class Parked(msgspec.Struct, frozen=True):
    """A delivery that waits: it failed (`error` says where), or came after one of its key that did ("").

    `raw` is a MessagePack `Record`, or the CloudEvent that came over the wire.
    """

    partition: int
    key: str
    channel: str
    position: int
    raw: bytes
    error: str
    parked_at: datetime


class ParkedKey(msgspec.Struct, frozen=True):
    """A key that waits: how many deliveries, since when, and what its first one failed with."""

    key: str
    partition: int
    events: int
    since: datetime
    error: str


class Waiting(msgspec.Struct, frozen=True):
    """Everything that is parked: how many keys, how many deliveries, and since when the oldest waits."""

    keys: int
    events: int
    since: datetime | None


class Change(msgspec.Struct, frozen=True):
    """What one batch changes. `parked` are added (or get their new error), `unparked` are removed."""

    moves: tuple[Move, ...]
    rows: tuple[RowChange, ...] = ()
    timeline: tuple[TimelineEvent, ...] = ()
    parked: tuple[Parked, ...] = ()
    unparked: tuple[Parked, ...] = ()


class ProjectionStore(Protocol):
    """The tables of one projection version. Every method raises only infrastructure errors."""

    @property
    def projection(self) -> Projection:
        """The projection whose tables these are."""
        ...

    async def prepare(self) -> None:
        """Create the tables if they are absent; any number of replicas may do it at once."""
        ...

    async def cursors(self, partitions: Iterable[int]) -> dict[int, Cursor]:
        """The partitions' cursors; an absent one is created at the start."""
        ...

    async def load(self, wanted: Mapping[str, Sequence[str]]) -> dict[RowKey, StoredRow]:
        """The rows that exist among these ids per view."""
        ...

    async def save(self, change: Change) -> bool:
        """Write everything in one transaction. False: somebody else moved a cursor or a row; nothing is written."""
        ...

    async def active(self) -> int:
        """The version that readers use now; the first that was prepared until another is activated."""
        ...

    async def activate(self) -> None:
        """Make this the version that readers use. The others keep their tables."""
        ...

    async def empty(self) -> None:
        """Forget every row, position and parked delivery, so that it is folded from the start; the timeline stays.

        Whoever held a cursor is fenced.
        """
        ...

    async def assign_parked(self, partition: Callable[[str], int]) -> None:
        """Give every parked delivery to the partition of its key."""
        ...

    async def analyse(self) -> None:
        """Let the database learn how large the tables are; worth it after many rows were written at once."""
        ...

    async def all_cursors(self) -> dict[int, Cursor]:
        """Every cursor there is, without creating any."""
        ...

    async def waiting(self) -> Waiting:
        """How much is parked altogether, for health and metrics."""
        ...

    async def parked_keys(self, limit: int, after: str = "") -> list[ParkedKey]:
        """Keys that wait, in order of key, beginning after `after`."""
        ...

    async def parked(self, key: str, limit: int = 1_000) -> list[Parked]:
        """What waits for a key, in the order in which it must be applied."""
        ...
