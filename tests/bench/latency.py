"""B6: from the request that posts a transaction to the score that holds it, against one message through the broker."""

import asyncio
import statistics
import time
import uuid
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.topics import create_topics
from tests.bench.client import request
from tests.bench.places import Installed, Place
from tests.bench.posts import transaction
from tests.bench.results import Claim

PER_SECOND = 200
WARM = 2


async def latency(place: Place) -> list[Claim]:
    """p50 and p99 at a steady rate; a request that is late because others were is late."""
    found = await place.installed()
    number = round(PER_SECOND * (place.seconds + WARM))
    people = found.writer.customers
    posts = [
        (request("POST", "/v1/transactions", found.token, transaction(found, each)), people[each % len(people)])
        for each in range(number)
    ]
    bare = await round_trips(place.kafka, number)
    # Whatever other benchmarks left to be folded and assessed is no part of this one.
    await place.traffic(kind="steady", posts=posts[:1], per_second=PER_SECOND, warm=0, **_ends(found))
    said = await place.traffic(
        kind="steady", posts=posts[1:], per_second=PER_SECOND, warm=PER_SECOND * WARM, **_ends(found)
    )
    if set(said["statuses"]) != {"200"}:
        raise RuntimeError(f"answers were {said['statuses']}")
    size = f"{PER_SECOND} events/s for {place.seconds:.0f} s, 24 partitions"
    notes = {"client_cpu": said["client_cpu"], "accepted_p50_ms": said["accepted_p50_ms"]}
    return [
        Claim(
            path="B6",
            what=f"POST to score visible, p{part}",
            ours=said[f"p{part}_ms"],
            unit="ms",
            limit=bare[part],
            against="produced and consumed",
            better="less",
            floor=floor,
            aim=aim,
            size=size,
            notes=notes,
        )
        for part, floor, aim in ((50, 6.0, 2.0), (99, 10.0, 3.0))
    ]


def _ends(found: Installed) -> dict[str, Any]:
    return {"write": found.port("customer"), "read": found.port("scoring-api"), "token": found.token}


async def round_trips(bootstrap: str, number: int) -> dict[int, float]:
    """Percentile → milliseconds from send to receipt, with one client that does nothing else."""
    topic = f"bench-{uuid.uuid4().hex[:12]}"
    await create_topics(bootstrap, [topic], 24)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await producer.start()
    await consumer.start()
    latencies: list[float] = []

    async def receive() -> None:
        while len(latencies) < number:
            pages = await consumer.getmany(timeout_ms=1000)
            now = time.perf_counter()
            latencies.extend(now - float(record.value or 0) for records in pages.values() for record in records)

    receiving = asyncio.create_task(receive())
    try:
        start = time.perf_counter()
        for each in range(number):
            await asyncio.sleep(max(0.0, start + each / PER_SECOND - time.perf_counter()))
            await producer.send(topic, repr(time.perf_counter()).encode(), str(each).encode())
        async with asyncio.timeout(60):
            await receiving
    finally:
        receiving.cancel()
        await producer.stop()
        await consumer.stop()
    cuts = statistics.quantiles(latencies[PER_SECOND * WARM :], n=100)
    return {50: cuts[49] * 1000, 99: cuts[98] * 1000}
