"""The event log port: what every adapter (memory, SQLite, PostgreSQL) promises, and the values it answers with."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Protocol, TypeAlias

import msgspec

from shared.envelope import NewEvent, Record


class Expected(IntEnum):
    """What a write expects of its stream besides an exact version (1, 2, 3 …)."""

    NO_STREAM = 0
    ANY = -1


class Write(msgspec.Struct, frozen=True):
    """Events for one stream, at least one. `expected` is an exact version, `Expected.NO_STREAM` or `Expected.ANY`."""

    stream: str
    expected: int
    events: tuple[NewEvent, ...]

    def __post_init__(self) -> None:
        if not self.events:
            raise ValueError("a write has at least one event; what is only checked is a guard")


class Guard(msgspec.Struct, frozen=True):
    """A stream that the decision read but does not write: its version must still be this one."""

    stream: str
    version: int


class Append(msgspec.Struct, frozen=True):
    """One command's effect, all or nothing: at least one write, and one verdict.

    The verdict is found in this order: the key, then the writes, then the guards; the first that objects decides.
    Every check sees the streams as they were before the command. `key` is the idempotency key ("" for none) and
    `fingerprint` an HMAC of the request it came with.
    """

    writes: tuple[Write, ...]
    guards: tuple[Guard, ...] = ()
    key: str = ""
    fingerprint: str = ""
    meta: bytes = b"{}"

    def __post_init__(self) -> None:
        if not self.writes:
            raise ValueError("a command writes something")


class Appended(msgspec.Struct, frozen=True, tag=True):
    """Recorded now. `stream`, `version` and `position` are those of the first write's last event."""

    stream: str
    version: int
    position: int


class Duplicate(msgspec.Struct, frozen=True, tag=True):
    """Recorded before under the same key and fingerprint: the answer that was given then."""

    stream: str
    version: int
    position: int


class Conflict(msgspec.Struct, frozen=True, tag=True):
    """A stream was not at the version that the caller expected; `actual` is the version it is at."""

    stream: str
    actual: int


class Mismatch(msgspec.Struct, frozen=True, tag=True):
    """The key is known, but with another fingerprint: another request used it."""


Verdict: TypeAlias = Appended | Duplicate | Conflict | Mismatch


class Command(msgspec.Struct, frozen=True):
    """What the log remembers of an idempotency key."""

    fingerprint: str
    stream: str
    version: int
    position: int

    def verdict(self, fingerprint: str) -> Duplicate | Mismatch:
        """The answer for a request that comes again under this key."""
        if fingerprint != self.fingerprint:
            return Mismatch()
        return Duplicate(self.stream, self.version, self.position)


class Loaded(msgspec.Struct, frozen=True):
    """A stream's records, oldest first, its head version (0: no stream) and the position of its last event."""

    records: tuple[Record, ...]
    version: int
    position: int


class LogReader(Protocol):
    """What can be read of a log, wherever it lies. Every method raises infrastructure errors only."""

    @property
    def name(self) -> str:
        """The log's name, which is the CloudEvents source."""
        ...

    async def read(self, after: int, limit: int) -> list[Record]:
        """Records with a position greater than `after`, ascending, without gaps, at most `limit`."""
        ...

    async def head(self) -> int:
        """The last position, 0 for an empty log."""
        ...

    async def wait(self, after: int, seconds: float) -> None:
        """Return when the head may have passed `after`, or when `seconds` are over. A hint, never a promise."""
        ...


class EventLog(LogReader, Protocol):
    """An append-only log with dense positions. Law: a batch equals its commands appended one at a time, in order.

    Every method raises `LogUnavailable` when the store cannot answer; `append` also `Unrecordable`.
    """

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        """One verdict for each command, in order; the batch is one transaction."""
        ...

    async def load(self, streams: Sequence[str]) -> list[Loaded]:
        """The streams in the order asked for; a stream that does not exist is empty at version 0."""
        ...

    async def commands(self, keys: Sequence[str]) -> dict[str, Command]:
        """What was recorded under these idempotency keys; unknown keys are absent."""
        ...

    async def close(self) -> None:
        """Let go of connections and threads, but not of a database that others share; idempotent."""
        ...


class LogUnavailable(Exception):
    """The log cannot be reached or is full. Whether the batch was recorded is not known: only a command with an
    idempotency key may be appended again.
    """


def encodable(name: str) -> bool:
    """Whether a name has UTF-8 bytes: lone surrogates have none, so nothing can be recorded under such a name."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


class Unrecordable(Exception):
    """The store refused the batch for what is in it; surely nothing of the batch was recorded."""
