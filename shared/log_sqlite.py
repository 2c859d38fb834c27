"""The event log in a SQLite file: one writer thread, readers that never wait for it."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import local
from typing import Any, TypeVar

from shared.database import Database, sqlite_pragmas
from shared.envelope import NewEvent, Record
from shared.log import (
    Append,
    Appended,
    Command,
    Conflict,
    Expected,
    Loaded,
    LogUnavailable,
    Unrecordable,
    Verdict,
    encodable,
)
from shared.log_growth import Growth
from shared.log_memory import now

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RECORD = "position, stream, version, key, type, schema, data, meta, occurred_at, recorded_at"
_REFUSED = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    AttributeError,
    OverflowError,
    TypeError,
    ValueError,
)
"""What the driver and the strict tables say about values that they cannot hold."""
_VARIABLES = 500
"""Streams or keys of one query; SQLite limits the variables of a statement."""


class SqliteEventLog:
    """An `EventLog` in a migrated SQLite database."""

    def __init__(self, name: str, database: Database, clock: Callable[[], datetime] = now) -> None:
        if database.path is None:
            raise ValueError("the database is not a SQLite file")
        self.name = name
        self._clock = clock
        self._path = database.path
        self._lock = database.lock
        self._growth = Growth(self.head)
        self._connections: list[sqlite3.Connection] = []
        self._own = local()
        self._writer = self._threads(1)
        self._readers = self._threads(2)

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        if not batch:
            return []
        async with self._lock:
            verdicts = await self._run(self._writer, lambda connection: self._append(connection, batch))
        self._growth.grown()
        return verdicts

    async def load(self, streams: Sequence[str]) -> list[Loaded]:
        return await self._run(self._readers, lambda connection: self._load(connection, streams))

    async def commands(self, keys: Sequence[str]) -> dict[str, Command]:
        names = [key for key in keys if encodable(key)]
        return await self._run(self._readers, lambda connection: _commands(connection, names))

    async def read(self, after: int, limit: int) -> list[Record]:
        sql = f"SELECT {_RECORD} FROM events WHERE position > ? ORDER BY position LIMIT ?"  # noqa: S608
        return await self._run(
            self._readers, lambda connection: [self._record(row) for row in connection.execute(sql, (after, limit))]
        )

    async def head(self) -> int:
        sql = "SELECT coalesce(max(position), 0) FROM events"
        return await self._run(self._readers, lambda connection: connection.execute(sql).fetchone()[0])

    async def wait(self, after: int, seconds: float) -> None:
        await self._growth.wait(after, seconds)

    async def close(self) -> None:
        """Finish what runs, then close the log's own connections."""
        await asyncio.to_thread(self._writer.shutdown)
        await asyncio.to_thread(self._readers.shutdown)
        while self._connections:
            self._connections.pop().close()

    def _threads(self, number: int) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(number, f"log-{self.name}")

    async def _run(self, threads: ThreadPoolExecutor, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            future = asyncio.get_running_loop().run_in_executor(threads, lambda: work(self._connection()))
        except RuntimeError as error:
            raise LogUnavailable(f"log {self.name} is closed") from error
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            # The thread goes on; the lock must not be let go before it has finished.
            while not future.done():
                await _uncancelled(future)
            raise
        except sqlite3.Error as error:
            raise LogUnavailable(f"log {self.name}: {error}") from error

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            sqlite_pragmas(connection)
            self._connections.append(connection)
            self._own.connection = connection
        return connection

    def _append(self, connection: sqlite3.Connection, batch: Sequence[Append]) -> list[Verdict]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            appending = _Appending(connection, self._clock())
            verdicts = [appending.append(command) for command in batch]
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, _REFUSED):
                raise Unrecordable(f"log {self.name}: {type(error).__name__}") from error
            raise
        return verdicts

    def _load(self, connection: sqlite3.Connection, streams: Sequence[str]) -> list[Loaded]:
        found: dict[str, list[Record]] = {stream: [] for stream in streams}
        connection.execute("BEGIN")
        try:
            for names in _chunks([stream for stream in found if encodable(stream)]):
                sql = f"SELECT {_RECORD} FROM events WHERE stream IN ({_marks(names)}) ORDER BY stream, version"  # noqa: S608
                for row in connection.execute(sql, names):
                    found[row[1]].append(self._record(row))
        finally:
            connection.execute("COMMIT")
        return [
            Loaded(tuple(records), len(records), records[-1].position if records else 0)
            for records in (found[stream] for stream in streams)
        ]

    def _record(self, row: tuple[Any, ...]) -> Record:
        *fields, occurred_at, recorded_at = row
        return Record(self.name, *fields, occurred_at=_time(occurred_at), recorded_at=_time(recorded_at))


class _Appending:
    """One batch inside its transaction; stream heads are remembered, so that each is read once."""

    def __init__(self, connection: sqlite3.Connection, clock: datetime) -> None:
        self._connection = connection
        last = connection.execute("SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1").fetchone()
        self._position: int = last[0] if last else 0
        self._recorded_at: int = max(last[1], _microseconds(clock)) if last else _microseconds(clock)
        self._versions: dict[str, int] = {}

    def append(self, command: Append) -> Verdict:
        known = _commands(self._connection, [command.key]).get(command.key) if command.key else None
        if known:
            return known.verdict(command.fingerprint)
        conflict = self._conflict(command)
        if conflict:
            return conflict
        tops = {write.stream: 0 for write in command.writes}
        for write in command.writes:
            for event in write.events:
                tops[write.stream] = self._insert(write.stream, event, command.meta)
        self._connection.executemany(
            "INSERT INTO streams VALUES (?, ?, ?) "
            "ON CONFLICT (stream) DO UPDATE SET version = excluded.version, position = excluded.position",
            [(stream, self._versions[stream], position) for stream, position in tops.items()],
        )
        stream = command.writes[0].stream
        appended = Appended(stream, self._versions[stream], tops[stream])
        if command.key:
            self._connection.execute(
                "INSERT INTO commands VALUES (?, ?, ?, ?, ?)",
                (command.key, command.fingerprint, stream, appended.version, appended.position),
            )
        return appended

    def _insert(self, stream: str, event: NewEvent, meta: bytes) -> int:
        self._position += 1
        self._versions[stream] += 1
        occurred_at = min(_microseconds(event.occurred_at), self._recorded_at)
        place = (self._position, stream, self._versions[stream])
        content = (event.key, event.type, event.schema, event.data, meta)
        self._connection.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*place, *content, occurred_at, self._recorded_at),
        )
        return self._position

    def _conflict(self, command: Append) -> Conflict | None:
        wanted = [(w.stream, w.expected) for w in command.writes] + [(g.stream, g.version) for g in command.guards]
        for stream, expected in wanted:
            actual = self._version(stream)
            if expected not in (Expected.ANY, actual):
                return Conflict(stream, actual)
        return None

    def _version(self, stream: str) -> int:
        if stream not in self._versions:
            row = self._connection.execute("SELECT version FROM streams WHERE stream = ?", (stream,)).fetchone()
            self._versions[stream] = row[0] if row else 0
        return self._versions[stream]


def _commands(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Command]:
    found: dict[str, Command] = {}
    for names in _chunks(keys):
        sql = f"SELECT key, fingerprint, stream, version, position FROM commands WHERE key IN ({_marks(names)})"  # noqa: S608
        found.update((row[0], Command(*row[1:])) for row in connection.execute(sql, names))
    return found


def _chunks(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[start : start + _VARIABLES] for start in range(0, len(names), _VARIABLES)]


def _marks(names: Sequence[str]) -> str:
    return ", ".join("?" * len(names))


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _time(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


async def _uncancelled(future: "asyncio.Future[Any]") -> None:
    try:
        await asyncio.wait({future})
    except asyncio.CancelledError:
        return
