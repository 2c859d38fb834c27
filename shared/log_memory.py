"""The event log in memory: the reference that the durable adapters are tested against."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from shared.envelope import NewEvent, Record
from shared.log import Append, Appended, Command, Conflict, Expected, Loaded, Verdict


def now() -> datetime:
    """The clock that adapters use unless a test gives another."""
    return datetime.now(UTC)


class MemoryEventLog:
    """One command after another on plain lists: short enough to be read as the definition of an append."""

    def __init__(self, name: str, clock: Callable[[], datetime] = now) -> None:
        self.name = name
        self._clock = clock
        self._records: list[Record] = []
        self._streams: dict[str, list[Record]] = {}
        self._commands: dict[str, Command] = {}
        self._grown = asyncio.Condition()

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        verdicts = [self._append(command) for command in batch]
        async with self._grown:
            self._grown.notify_all()
        return verdicts

    async def load(self, streams: Sequence[str]) -> list[Loaded]:
        return [self._load(stream) for stream in streams]

    async def commands(self, keys: Sequence[str]) -> dict[str, Command]:
        return {key: self._commands[key] for key in keys if key in self._commands}

    async def read(self, after: int, limit: int) -> list[Record]:
        return self._records[after : after + limit]

    async def head(self) -> int:
        return len(self._records)

    async def wait(self, after: int, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds), self._grown:
                await self._grown.wait_for(lambda: len(self._records) > after)
        except TimeoutError:
            return

    async def close(self) -> None:
        """Nothing to let go of."""

    def _load(self, stream: str) -> Loaded:
        records = tuple(self._streams.get(stream, ()))
        return Loaded(records, len(records), records[-1].position if records else 0)

    def _append(self, command: Append) -> Verdict:
        known = self._commands.get(command.key) if command.key else None
        if known:
            return known.verdict(command.fingerprint)
        conflict = self._conflict(command)
        if conflict:
            return conflict
        recorded_at = max(self._clock(), self._records[-1].recorded_at) if self._records else self._clock()
        for write in command.writes:
            self._write(write.stream, write.events, command.meta, recorded_at)
        stream = command.writes[0].stream
        last = self._streams[stream][-1]
        appended = Appended(stream, last.version, last.position)
        if command.key:
            self._commands[command.key] = Command(command.fingerprint, stream, appended.version, appended.position)
        return appended

    def _conflict(self, command: Append) -> Conflict | None:
        wanted = [(w.stream, w.expected) for w in command.writes] + [(g.stream, g.version) for g in command.guards]
        for stream, expected in wanted:
            actual = len(self._streams.get(stream, ()))
            if expected not in (Expected.ANY, actual):
                return Conflict(stream, actual)
        return None

    def _write(self, stream: str, events: Sequence[NewEvent], meta: bytes, recorded_at: datetime) -> None:
        history = self._streams.setdefault(stream, [])
        for event in events:
            record = Record(
                log=self.name,
                position=len(self._records) + 1,
                stream=stream,
                version=len(history) + 1,
                key=event.key,
                type=event.type,
                schema=event.schema,
                data=event.data,
                meta=meta,
                occurred_at=min(event.occurred_at, recorded_at),
                recorded_at=recorded_at,
            )
            history.append(record)
            self._records.append(record)
