"""The event log in PostgreSQL: one function call for each batch, on the raw asyncpg connection."""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg

from shared.database import Database, unavailable
from shared.envelope import Record
from shared.log import (
    Append,
    Appended,
    Command,
    Conflict,
    Duplicate,
    Loaded,
    LogUnavailable,
    Mismatch,
    Unrecordable,
    Verdict,
    encodable,
)
from shared.log_growth import Growth
from shared.log_listener import Listener
from shared.log_memory import now
from shared.log_segments import segments

_RECORD = "position, stream, version, key, type, schema, data, meta, occurred_at, recorded_at"
_APPEND = "SELECT * FROM guanxi_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
_READ = f"SELECT {_RECORD} FROM events WHERE position > $1 ORDER BY position LIMIT $2"  # noqa: S608
_LOAD = f"SELECT {_RECORD} FROM events WHERE stream = ANY($1::text[]) ORDER BY stream, version"  # noqa: S608
_COMMANDS = "SELECT key, fingerprint, stream, version, position FROM commands WHERE key = ANY($1::text[])"
_REFUSED = ("21", "22", "23", "54")
"""SQLSTATE classes that speak of the data: cardinality, data, integrity, limits."""


class PostgresEventLog:
    """An `EventLog` in a migrated PostgreSQL database. Several replicas may append to one database."""

    def __init__(self, name: str, database: Database, clock: Callable[[], datetime] = now) -> None:
        self.name = name
        self._database = database
        self._clock = clock
        self._growth = Growth(self.head)
        self._listener = Listener(database, self._growth)

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        if not batch:
            return []
        arguments = _arguments(batch)
        async with self._connection() as connection:
            rows = await connection.fetch(_APPEND, self._clock(), *arguments)
        self._growth.grown()
        verdicts = {row[0]: _verdict(row) for row in rows}
        if len(rows) != len(batch) or len(verdicts) != len(batch):
            raise RuntimeError(f"log {self.name}: {len(rows)} verdicts for {len(batch)} commands")
        return [verdicts[number] for number in range(1, len(batch) + 1)]

    async def load(self, streams: Sequence[str]) -> list[Loaded]:
        found: dict[str, list[Record]] = {stream: [] for stream in streams}
        async with self._connection() as connection:
            rows = await connection.fetch(_LOAD, _nameable(found))
        for row in rows:
            found[row[1]].append(Record(self.name, *row))
        return [
            Loaded(tuple(records), len(records), records[-1].position if records else 0)
            for records in (found[stream] for stream in streams)
        ]

    async def commands(self, keys: Sequence[str]) -> dict[str, Command]:
        async with self._connection() as connection:
            rows = await connection.fetch(_COMMANDS, _nameable(keys))
        return {row[0]: Command(*row[1:]) for row in rows}

    async def read(self, after: int, limit: int) -> list[Record]:
        async with self._connection() as connection:
            rows = await connection.fetch(_READ, after, limit)
        return [Record(self.name, *row) for row in rows]

    async def head(self) -> int:
        async with self._connection() as connection:
            position: Any = await connection.fetchval("SELECT coalesce(max(position), 0) FROM events")
        return position

    async def wait(self, after: int, seconds: float) -> None:
        self._listener.start()
        await self._growth.wait(after, seconds)

    async def close(self) -> None:
        await self._listener.stop()

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[asyncpg.Connection]:
        try:
            async with self._database.raw() as connection:
                yield connection
        except Exception as error:
            if unavailable(error):
                raise LogUnavailable(f"log {self.name}: {type(error).__name__}") from error
            if _refused(error):
                raise Unrecordable(f"log {self.name}: {type(error).__name__}") from error
            raise


def _nameable(names: Iterable[str]) -> list[str]:
    """The names that PostgreSQL can hold; asking for any other would be an error instead of an empty answer."""
    return [name for name in names if "\x00" not in name and encodable(name)]


def _refused(error: Exception) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        return str(getattr(error, "sqlstate", "")).startswith(_REFUSED)
    # The driver's own: a value that does not fit its type, before anything was sent.
    return isinstance(error, ValueError | TypeError | OverflowError)


def _verdict(row: Any) -> Verdict:
    _, outcome, stream, version, position = row
    match outcome:
        case "appended":
            return Appended(stream, version, position)
        case "duplicate":
            return Duplicate(stream, version, position)
        case "conflict":
            return Conflict(stream, version)
        case "mismatch":
            return Mismatch()
        case _:
            raise RuntimeError(f"the append function answered {outcome}")


def _arguments(batch: Sequence[Append]) -> list[list[Any]]:
    """The columns that `guanxi_append` takes, without the clock; commands, checks and events are numbered from 1."""
    commands: list[tuple[Any, ...]] = []
    checks: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    ends: list[tuple[int, int, int]] = []
    for segment in segments(batch):
        for command in segment:
            commands.append((command.key, command.fingerprint, command.meta))
            number = len(commands)
            checks += [(number, write.stream, int(write.expected)) for write in command.writes]
            checks += [(number, guard.stream, int(guard.version)) for guard in command.guards]
            events += [
                (number, write.stream, e.key, e.type, e.schema, e.data, e.occurred_at)
                for write in command.writes
                for e in write.events
            ]
        ends.append((len(commands), len(checks), len(events)))
    return [*_columns(ends), *_columns(commands), *_columns(checks), *_columns(events)]


def _columns(rows: list[Any]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
