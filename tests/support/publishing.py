"""One service's log with its relay on a real broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from services.complaint import contract
from shared import wire
from shared.codec import Codec
from shared.database import Database
from shared.envelope import Envelope, Meta
from shared.lease import Leases
from shared.log import Append, EventLog, Expected, Write
from shared.log_open import open_log
from shared.migrations import migrate
from shared.publisher import Publisher
from shared.relay import Relay, RelayCursor
from shared.topics import Topics, create_topics

CODEC = Codec([contract])
PARTITIONS = 4
AT = datetime(2026, 3, 1, 12, 30, 15, 123457, UTC)


def praise(number: int) -> Append:
    key = f"cus_{number % 7}"
    event = CODEC.encode(key, contract.PraiseRecorded(f"pra_{number}", "ins_1", key), AT)
    meta = CODEC.encode_meta(Meta(correlation_id=f"c{number}", traceparent="00-1-2-01" if number % 2 else ""))
    return Append((Write(f"praise-pra_{number}", Expected.NO_STREAM, (event,)),), meta=meta)


class Bank:
    """One service's log with its relay, on one broker."""

    def __init__(self, database: Database, log: EventLog, bootstrap: str, prefix: str) -> None:
        self.database = database
        self.log = log
        self.topic = Topics(prefix).name("complaint")
        self.cursor = RelayCursor(database, "complaint-publishing")
        self.bootstrap = bootstrap
        self._prefix = prefix

    def relay(self) -> Relay:
        connect = lambda: Publisher(self.bootstrap, CODEC, Topics(self._prefix), PARTITIONS)  # noqa: E731
        return Relay(self.log, self.cursor, connect)

    async def record(self, first: int, last: int) -> None:
        await self.log.append([praise(number) for number in range(first, last + 1)])

    async def lead(self) -> int:
        lease = await Leases(self.database).acquire("complaint-publishing", 0.0)
        assert lease
        return lease.epoch

    async def published(self, position: int) -> None:
        async with asyncio.timeout(30):
            while True:
                if await self.cursor.position() >= position:
                    return
                await asyncio.sleep(0.02)

    async def read(self) -> list[ConsumerRecord[bytes, bytes]]:
        """Everything on the topic, in the order of each partition."""
        consumer = AIOKafkaConsumer(self.topic, bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            ends = await consumer.end_offsets(consumer.assignment())
            records: list[Any] = []
            while len(records) < sum(ends.values()):
                for page in (await consumer.getmany(timeout_ms=200)).values():
                    records += page
            return records
        finally:
            await consumer.stop()


@asynccontextmanager
async def bank(folder: Path, bootstrap: str, prefix: str) -> AsyncIterator[Bank]:
    database = Database.open(f"sqlite:///{folder}/complaint.db")
    await migrate(database)
    await create_topics(bootstrap, [Topics(prefix).name("complaint")], PARTITIONS)
    yield Bank(database, open_log("complaint", database), bootstrap, prefix)
    await database.close()


def envelopes(records: list[ConsumerRecord[bytes, bytes]]) -> list[Envelope]:
    return [wire.decode(record.value or b"", record.headers, CODEC) for record in records]
