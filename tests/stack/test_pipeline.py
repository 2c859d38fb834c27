"""Log → relay → Kafka → two projectors → PostgreSQL: every event exactly once, whatever is killed in between."""

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from deploy.local import Kafka
from shared.database import Database
from shared.envelope import Envelope
from shared.feed_kafka import KafkaFeed
from shared.folding import decode_row
from shared.lease import Leader
from shared.log import EventLog
from shared.log_open import open_log
from shared.migrations import migrate
from shared.projector import Limits, Projector
from shared.publisher import Publisher
from shared.relay import Relay, RelayCursor
from shared.stores import open_store
from shared.topics import DEAD_LETTER, Topics, create_topics
from support.kafka_place import PARTITIONS
from support.ledger import CODEC, Account, Fold, Posted, append

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
LEASE = "ledger-publishing"


class Pipeline:
    """One service that publishes and a projection that reads, as two replicas of each would run."""

    def __init__(self, database: Database, log: EventLog, bootstrap: str, prefix: str) -> None:
        self.database = database
        self.log = log
        self.fold = Fold()
        self.cursor = RelayCursor(database, LEASE)
        self.running: list[asyncio.Task[None]] = []
        self._bootstrap = bootstrap
        self._topics = Topics(prefix)

    async def prepare(self) -> None:
        """Tables and topics."""
        await create_topics(self._bootstrap, self._topics.names(["entry", "note", DEAD_LETTER]), PARTITIONS)
        await open_store(self.fold.projection, self.database).prepare()

    def publish(self) -> "asyncio.Task[None]":
        relay = Relay(self.log, self.cursor, lambda: Publisher(self._bootstrap, CODEC, self._topics, PARTITIONS))
        return self._run(Leader(LEASE, self.database, lambda epoch: [relay.under(epoch)], seconds=1.5).run())

    def project(self) -> "asyncio.Task[None]":
        feed = KafkaFeed(
            self._bootstrap, self._topics.prefix, CODEC, self._topics, ["entry", "note"], session_seconds=3
        )
        store = open_store(self.fold.projection, self.database)
        return self._run(Projector(self.fold.projection, store, feed, CODEC, limits=Limits(wait=0.2)).run())

    async def record(self, count: int) -> None:
        keys = [f"cus_{number}" for number in range(40)]
        for _ in range(count // 50):
            await append(self.log, *((key, Posted(key, 1)) for key in random.choices(keys, k=50)))

    async def rows(self) -> dict[str, Account]:
        """What was folded."""
        ids = [f"cus_{number}" for number in range(40)]
        loaded = await open_store(self.fold.projection, self.database).load({"account": ids})
        return {id_: decode_row(self.fold.view, stored.data) for (_, id_), stored in loaded.items()}

    async def settled(self, count: int) -> None:
        async with asyncio.timeout(60):
            while True:
                if sum(row.events for row in (await self.rows()).values()) >= count:
                    return
                await asyncio.sleep(0.1)

    async def expected(self) -> dict[str, Account]:
        records = await self.log.read(0, 100_000)
        envelopes: list[Envelope] = [CODEC.decode(record) for record in records]
        return self.fold.reference(envelopes)

    async def stop(self, *tasks: "asyncio.Task[None]") -> None:
        for task in tasks or self.running:
            task.cancel()
        await asyncio.gather(*(tasks or self.running), return_exceptions=True)

    def _run(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        self.running.append(asyncio.create_task(work))
        return self.running[-1]


@asynccontextmanager
async def pipeline(url: str, bootstrap: str, prefix: str) -> AsyncIterator[Pipeline]:
    database = Database.open(url)
    await migrate(database)
    log = open_log("ledger", database)
    opened = Pipeline(database, log, bootstrap, prefix)
    await opened.prepare()
    yield opened
    await opened.stop()
    await log.close()
    await database.close()


async def test_what_was_recorded_is_folded_exactly_once(
    postgres_url: str, kafka_bootstrap: str, topic_prefix: str
) -> None:
    async with pipeline(postgres_url, kafka_bootstrap, topic_prefix) as run:
        run.publish()
        run.project()
        await run.record(1_000)
        await run.settled(1_000)
        assert await run.rows() == await run.expected()


@pytest.mark.slow
async def test_workers_and_publishers_that_come_and_go_change_nothing(
    postgres_url: str, kafka_bootstrap: str, topic_prefix: str
) -> None:
    async with pipeline(postgres_url, kafka_bootstrap, topic_prefix) as run:
        publisher, worker = run.publish(), run.project()
        run.publish()
        await run.record(500)
        run.project()
        await run.record(500)
        await run.stop(publisher)
        await run.record(500)
        await run.stop(worker)
        await run.record(500)
        run.project()
        await run.settled(2_000)
        assert await run.rows() == await run.expected()


@pytest.mark.slow
async def test_a_broker_that_dies_in_the_middle_changes_nothing(
    postgres_url: str, own_kafka: Kafka, topic_prefix: str
) -> None:
    async with pipeline(postgres_url, own_kafka.bootstrap, topic_prefix) as run:
        run.publish()
        run.project()
        await run.record(500)
        await run.settled(1)
        await asyncio.to_thread(own_kafka.kill)
        await run.record(500)
        await asyncio.to_thread(own_kafka.start)
        await run.record(500)
        await run.settled(1_500)
        assert await run.rows() == await run.expected()
