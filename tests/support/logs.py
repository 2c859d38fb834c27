"""Event logs of every adapter for one contract suite, and short ways to say what is appended."""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from shared.database import Database
from shared.envelope import NewEvent
from shared.log import Append, EventLog, Guard, Write
from shared.log_memory import MemoryEventLog
from shared.log_open import open_log
from shared.migrations import migrate

NOW = datetime(2026, 5, 4, 9, 30, 0, 123457, tzinfo=UTC)
PAST = datetime(2020, 2, 29, 23, 59, 59, 999999, tzinfo=UTC)


class LogStore:
    """Where a log lives. Every `open` gives another instance on the same records, as another replica would have."""

    name = "customer"

    def __init__(self, kind: str, url: str | None) -> None:
        self.kind = kind
        self._url = url
        self._memory: MemoryEventLog | None = None
        self._opened: list[tuple[EventLog, Database]] = []

    @property
    def durable(self) -> bool:
        return self._url is not None

    def database(self) -> Database:
        assert self._url is not None
        return Database.open(self._url, pool=2)

    async def open(self, clock: Callable[[], datetime] = lambda: NOW) -> EventLog:
        if self._url is None:
            self._memory = self._memory or MemoryEventLog(self.name, clock)
            return self._memory
        database = self.database()
        await migrate(database)
        log = open_log(self.name, database, clock)
        self._opened.append((log, database))
        return log

    async def close(self) -> None:
        while self._opened:
            log, database = self._opened.pop()
            await log.close()
            await database.close()


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / f'{uuid.uuid4().hex}.db'}"


def event(data: bytes = b"{}", *, key: str = "cus_1", occurred_at: datetime = PAST) -> NewEvent:
    return NewEvent(key, "note.taken", 1, data, occurred_at)


def write(stream: str, expected: int, events: int = 1) -> Write:
    return Write(stream, expected, tuple(event(b'{"n":%d}' % n) for n in range(events)))


def command(
    *writes: Write, guards: Sequence[tuple[str, int]] = (), key: str = "", fingerprint: str = "", meta: bytes = b"{}"
) -> Append:
    return Append(writes, tuple(Guard(*guard) for guard in guards), key, fingerprint, meta)
