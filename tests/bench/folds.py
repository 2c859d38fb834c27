"""B1 and B1w: the live fold, from Kafka to an exactly-once projection in PostgreSQL, against consuming and discarding.

A peer's fold belongs beside `_folded`: a function of the same topics that returns its seconds, as one more claim.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.scoring.policy_document import default_policy
from services.scoring.projection import evidence_projection
from shared.envelope import Envelope, Record
from shared.feed_kafka import FETCH_BYTES, PARTITION_BYTES, KafkaFeed
from shared.projection import Index, Projection, View
from shared.projector import Projector
from shared.publisher import Publisher
from shared.runtime.kernel import LIVE
from shared.stores import open_store
from shared.topics import Topics, create_topics
from tests.bench import events
from tests.bench.places import Place
from tests.bench.results import Claim

PARTITIONS = 24
HALF_LIFE = 90
NO_INDEX = Index()


class Small(msgspec.Struct, frozen=True, array_like=True):
    """The peers' fold of one customer."""

    decayed: float
    last: int
    count: int
    total: int


def small() -> Projection:
    """Decayed count, last day, count and sum of each customer."""

    def evolve(row: Small | None, _: str, envelope: Envelope) -> Small:
        day, amount = envelope.data.booking_date.toordinal(), envelope.data.amount_minor
        if row is None:
            return Small(1.0, day, 1, amount)
        if day >= row.last:
            return Small(row.decayed * 2 ** ((row.last - day) / HALF_LIFE) + 1, day, row.count + 1, row.total + amount)
        return Small(row.decayed + 2 ** ((day - row.last) / HALF_LIFE), row.last, row.count + 1, row.total + amount)

    view: View[Small] = View("small", Small, lambda each: (each.key,), evolve, lambda _: NO_INDEX)
    return Projection("small", 1, (view,))


def evidence() -> Projection:
    """The whole relationship evidence and the timeline, as the scoring worker folds it."""
    return evidence_projection(default_policy().refold("Asia/Shanghai"))


async def live_fold(place: Place) -> list[Claim]:
    """The small fold."""
    number, people = place.sized(200_000), place.sized(20_000)
    records = list(events.transactions(number, people))
    ours, limit, notes = await _compared(place, records, ("transaction",), small)
    return [
        Claim(
            path="B1",
            what="live small fold, exactly once",
            ours=ours,
            unit="events/s",
            limit=limit,
            against="consumed and discarded",
            floor=0.35,
            aim=0.60,
            size=f"{number:,} events, {people:,} customers, {PARTITIONS} partitions, 1 worker",
            notes=notes,
        )
    ]


async def live_evidence(place: Place) -> list[Claim]:
    """The whole evidence."""
    number, people = place.sized(100_000), place.sized(5_000)
    records = list(events.everything(number, people))
    shorts = ("customer", "account", "transaction", "interaction")
    ours, limit, notes = await _compared(place, records, shorts, evidence)
    return [
        Claim(
            path="B1w",
            what="live evidence and timeline, exactly once",
            ours=ours,
            unit="events/s",
            limit=limit,
            against="consumed and discarded",
            floor=0.12,
            size=f"{number:,} events, {people:,} customers, {PARTITIONS} partitions, 1 worker",
            notes=notes,
        )
    ]


async def _compared(
    place: Place, records: Sequence[Record], shorts: Sequence[str], fold: Callable[[], Projection]
) -> tuple[float, float, dict[str, Any]]:
    """Events a second of the fold and of the bare client, before and after it, so that a busy neighbour hits both."""
    topics = Topics(f"bench-{uuid.uuid4().hex[:12]}")
    await create_topics(place.kafka, topics.names(shorts), PARTITIONS)
    async with Publisher(place.kafka, events.CODEC, topics, PARTITIONS) as publisher:
        for start in range(0, len(records), 10_000):
            await publisher.publish(records[start : start + 10_000])
    before = await _discarded(place, topics.names(shorts), len(records))
    seconds, cpu = await _folded(place, topics, shorts, len(records), fold())
    after = await _discarded(place, topics.names(shorts), len(records))
    limit = len(records) * 2 / (before + after)
    notes = {"worker_cpu": round(cpu / seconds, 3), "limit_seconds": [round(before, 3), round(after, 3)]}
    return len(records) / seconds, limit, notes


async def _discarded(place: Place, names: Sequence[str], number: int) -> float:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=place.kafka,
        enable_auto_commit=False,
        max_partition_fetch_bytes=PARTITION_BYTES,
        fetch_max_bytes=FETCH_BYTES,
    )
    await consumer.start()
    try:
        assigned = [TopicPartition(name, partition) for name in names for partition in range(PARTITIONS)]
        consumer.assign(assigned)
        await consumer.seek_to_beginning(*assigned)
        started, seen = time.perf_counter(), 0
        while seen < number:
            pages = await consumer.getmany(timeout_ms=1000, max_records=LIVE.batch)
            seen += sum(map(len, pages.values()))
        return time.perf_counter() - started
    finally:
        await consumer.stop()


async def _folded(
    place: Place, topics: Topics, shorts: Sequence[str], number: int, projection: Projection
) -> tuple[float, float]:
    """Seconds, and CPU seconds of this process, from the moment at which partitions are assigned."""
    async with place.database() as database:
        store = open_store(projection, database)
        await store.prepare()
        feed = KafkaFeed(place.kafka, f"{topics.prefix}.bench", events.CODEC, topics, shorts)
        projector = Projector(projection, store, feed, events.CODEC, limits=LIVE)
        started = cpu = 0.0
        try:
            while projector.metrics.events < number:
                if not started and projector.assigned:
                    started, cpu = time.perf_counter(), time.process_time()
                await projector.step(0.2)
            if projector.metrics.parked or projector.metrics.fenced:
                raise RuntimeError("the fold parked events or was fenced")
            return time.perf_counter() - started, time.process_time() - cpu
        finally:
            await feed.stop()
