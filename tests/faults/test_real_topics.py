"""What real topics may carry: the same facts as embedded mode reads, everything twice, and what nobody can read."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from services.cli.client import Api
from services.cli.demo.generate import actions, stages
from services.cli.demo.world import World
from services.cli.errors import ApiError
from services.cli.loader import Loader
from services.cli.verify import verified
from shared.topics import DEAD_LETTER, Topics
from support.embedded import Embedded
from support.inspecting import event_types, evidence_of_all, folded
from support.installation import PARTITIONS, Installation, installed
from support.writing import Writer, answered, clean, patiently

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

WORLD = World(7, 30, 1, date(2026, 6, 30))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real(
    kafka_bootstrap: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    async with installed(tmp_path_factory.mktemp("real"), kafka_bootstrap, postgres_server) as installation:
        yield installation


async def records(bootstrap: str, topic: str) -> list["ConsumerRecord[bytes, bytes]"]:
    """Everything that a topic holds now, in the order of each partition."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        places = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        found: list[ConsumerRecord[bytes, bytes]] = []
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            pages = await consumer.getmany(timeout_ms=500)
            found += [record for page in pages.values() for record in page]
    return found


async def told(api: Api) -> Counter[str]:
    """Load the bank; what its logs hold when the clocks have said what they had to say, and all of it is folded."""
    report = await Loader(api).load(stages(WORLD))
    assert report.rejected == 0
    kinds = Counter(action.kind for action in actions(WORLD))
    broken = kinds["promise"] - kinds["promise_kept"]
    assert broken > 0
    for _ in patiently():
        types = await event_types(api)
        if types["guanxi.promise.broken.v1"] == broken and await folded(api) == types.total():
            return types
        await asyncio.sleep(1)
    raise AssertionError(f"{await folded(api)} are folded of {await event_types(api)}")


async def test_the_same_commands_give_the_same_evidence_embedded_and_real(real: Installation, tmp_path: Path) -> None:
    with Embedded(tmp_path) as process:
        async with process.api() as near, real.api() as far:
            types = await told(near)
            assert await told(far) == types
            expected, found = await evidence_of_all(near), await evidence_of_all(far)
            assert len(expected) == WORLD.customers
            assert found == expected
            await clean(near)
            await clean(far)


async def test_a_topic_published_twice_changes_nothing(real: Installation, kafka_bootstrap: str) -> None:
    topic = Topics(real.name).name("transaction")
    async with real.api() as api:
        writer = Writer(api, "twice", 20)
        await writer.open()
        await writer.write(1_000)
        await writer.drained()
        before, known = await evidence_of_all(api), await verified(api)
        again = await records(kafka_bootstrap, topic)
        assert len(again) >= 1_000
        async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
            for record in again:
                await producer.send(topic, record.value, record.key, record.partition, headers=list(record.headers))
        # What comes behind the repetitions is folded only after them.
        await writer.write(1_000)
        await writer.drained()
        report = await verified(api)
        assert (report.lost, report.doubled, report.different) == (0, 0, 0), report.faults
        assert report.parked == known.parked
        after = await evidence_of_all(api)
        untouched = before.keys() - set(writer.customers)
        assert {customer: after[customer] for customer in untouched} == {c: before[c] for c in untouched}
        await writer.check()


async def test_what_cannot_be_read_stops_one_customer_and_nobody_else(real: Installation, kafka_bootstrap: str) -> None:
    topics = Topics(real.name)
    async with real.api() as api:
        writer = Writer(api, "poison", 10)
        await writer.open()
        await writer.write(100)
        await writer.drained()
        before = await verified(api)
        victim, *others = writer.customers
        async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
            await producer.send_and_wait(topics.name("transaction"), b'{"specversion"', key=victim.encode())
            await producer.send_and_wait(topics.name("transaction"), b'{"specversion"', key=b"\xff\xfe")
        await writer.write(100)

        for other in others:
            await answered(api, other, writer.latest[other])
        with pytest.raises(ApiError) as refused:
            await answered(api, victim, writer.latest[victim])
        assert (refused.value.status, refused.value.code) == (503, "customer_parked")

        report = await verified(api)
        assert (report.lost, report.doubled, report.different) == (0, 0, 0), report.faults
        assert report.parked - before.parked == 1 + 10
        (letter,) = await records(kafka_bootstrap, topics.name(DEAD_LETTER))
        assert letter.key == b"\xff\xfe"
        assert dict(letter.headers)["guanxi-origin"].decode().startswith(topics.name("transaction"))
        assert all(real.alive().values())
