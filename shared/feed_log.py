"""The feed that reads event logs directly: live in embedded mode, and for every rebuild."""

import asyncio
from collections.abc import Collection, Mapping, Sequence

import msgspec

from shared.codec import Codec, Undecodable
from shared.envelope import Record
from shared.feed import Batch, Delivery, Offsets, Poison
from shared.log import LogReader

PARTITION = 0


class LogGap(Exception):
    """A log's positions are not dense: an event was skipped or repeated on the way. Nothing was delivered."""


class LogFeed:
    """Some logs as one partition. Offsets are log name → the position read last.

    Args:
        topics: deliver only these short topics; None for all. What is passed over still moves the offsets.
    """

    def __init__(self, logs: Sequence[LogReader], codec: Codec, topics: Collection[str] | None = None) -> None:
        self._logs = tuple(logs)
        self._codec = codec
        self._topics = None if topics is None else frozenset(topics)
        self._offsets: Offsets | None = None
        self._turn = 0

    async def start(self) -> None:
        """Nothing to connect."""

    async def stop(self) -> None:
        """Nothing to disconnect; a later start asks for its position again."""
        self._offsets = None

    def assigned(self) -> frozenset[int]:
        return frozenset({PARTITION})

    def unpositioned(self) -> frozenset[int]:
        return frozenset({PARTITION}) if self._offsets is None else frozenset()

    async def seek(self, positions: Mapping[int, Offsets]) -> None:
        if PARTITION in positions:
            begin = positions[PARTITION]
            self._offsets = {log.name: begin.get(log.name, 0) for log in self._logs}

    async def poll(self, limit: int, seconds: float) -> Batch:
        if self._offsets is None:
            return Batch({}, {})
        records = await self._read(self._offsets, limit)
        if not records:
            await self._wait(self._offsets, seconds)
            records = await self._read(self._offsets, limit)
        if not records:
            return Batch({}, {})
        deliveries = [self._deliver(record) for record in records if self._wants(record)]
        self._offsets = self._offsets | {record.log: record.position for record in records}
        return Batch({PARTITION: deliveries}, {PARTITION: self._offsets})

    async def lag(self) -> int:
        """How many events of the logs are not read yet."""
        offsets = self._offsets or {}
        heads = await asyncio.gather(*(log.head() for log in self._logs))
        return sum(max(0, head - offsets.get(log.name, 0)) for log, head in zip(self._logs, heads, strict=True))

    async def _read(self, offsets: Offsets, limit: int) -> list[Record]:
        """Up to `limit` records, beginning with another log each time so that a busy one cannot starve the rest."""
        self._turn += 1
        records: list[Record] = []
        for turn in range(len(self._logs)):
            log = self._logs[(self._turn + turn) % len(self._logs)]
            if len(records) < limit:
                page = await log.read(offsets[log.name], limit - len(records))
                assert_dense(log.name, offsets[log.name], page)
                records += page
        return records

    async def _wait(self, offsets: Offsets, seconds: float) -> None:
        waits = [asyncio.ensure_future(log.wait(offsets[log.name], seconds)) for log in self._logs]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            results = await asyncio.gather(*waits, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    def _wants(self, record: Record) -> bool:
        return self._topics is None or self._codec.topic(record.type) in self._topics

    def _deliver(self, record: Record) -> Delivery:
        try:
            return self._codec.decode(record)
        except Undecodable as error:
            channel = f"{record.log}/{self._codec.topic(record.type)}"
            raw = msgspec.msgpack.encode(record)
            return Poison(channel, record.position, record.key, raw, str(error))


def assert_dense(log: str, after: int, records: Sequence[Record]) -> None:
    """Raise `LogGap` unless the records follow position `after` without a gap."""
    for expected, record in enumerate(records, after + 1):
        if record.position != expected or record.log != log:
            raise LogGap(f"{log}: expected position {expected}, read {record.log} {record.position}")
