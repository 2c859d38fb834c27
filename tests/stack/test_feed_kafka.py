"""What only the Kafka feed can do: share partitions, join again, and say loudly what it cannot read."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from deploy.local import Kafka
from shared import wire
from shared.envelope import Envelope
from shared.feed import Delivery, Offsets, Poison
from shared.feed_kafka import KafkaFeed, OffsetsLost
from shared.publisher import partition_of
from shared.topics import DEAD_LETTER, TopicsDiffer
from support.kafka_place import PARTITIONS, KafkaPlace
from support.ledger import CODEC, Posted

pytestmark = pytest.mark.kafka
EVERY = frozenset(range(PARTITIONS))


@pytest.fixture
async def place(kafka_bootstrap: str, topic_prefix: str) -> AsyncIterator[KafkaPlace]:
    opened = KafkaPlace(kafka_bootstrap, topic_prefix)
    await opened.prepare()
    yield opened
    await opened.close()


def beginning(partitions: frozenset[int]) -> dict[int, Offsets]:
    return {partition: {} for partition in partitions}


async def turn(feed: KafkaFeed, seconds: float = 0.1) -> list[Delivery]:
    """One poll, with new partitions beginning at the start."""
    await feed.seek(beginning(feed.unpositioned()))
    batch = await feed.poll(500, seconds)
    return [each for page in batch.deliveries.values() for each in page]


async def gather(feed: KafkaFeed, count: int) -> list[Delivery]:
    found: list[Delivery] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            found += await turn(feed)
    return found


async def send(place: KafkaPlace, value: bytes, key: bytes | None, short: str = "entry") -> None:
    producer = AIOKafkaProducer(bootstrap_servers=place.bootstrap)
    await producer.start()
    headers = [("content-type", wire.CONTENT_TYPE)]
    await producer.send_and_wait(place.topics.name(short), value, key=key, partition=0, headers=headers)
    await producer.stop()


async def test_every_partition_number_belongs_to_one_worker(place: KafkaPlace) -> None:
    await place.publish(*((f"cus_{n}", Posted(f"cus_{n}", n)) for n in range(200)))
    first = await place.open(CODEC)
    assert first.assigned() == EVERY
    second = await place.open(CODEC)
    async with asyncio.timeout(20):
        while first.assigned() | second.assigned() != EVERY or first.assigned() & second.assigned():
            await asyncio.gather(turn(first), turn(second))
    assert len(first.assigned()) == len(second.assigned()) == PARTITIONS // 2
    mine, theirs = set(), set()
    async with asyncio.timeout(20):
        await asyncio.gather(first.seek(beginning(first.assigned())), second.seek(beginning(second.assigned())))
        while len(mine | theirs) < 200:
            mine |= {each.key for each in await turn(first)}
            theirs |= {each.key for each in await turn(second)}
    assert not mine & theirs


async def test_partitions_of_a_worker_that_leaves_wait_for_their_new_owner_to_seek(place: KafkaPlace) -> None:
    first, second = await place.open(CODEC), await place.open(CODEC)
    async with asyncio.timeout(20):
        while len(first.assigned()) != PARTITIONS // 2 or first.unpositioned():
            await asyncio.gather(turn(first), turn(second))
    await second.stop()
    async with asyncio.timeout(20):
        while first.assigned() != EVERY:
            await first.poll(10, 0.1)
    assert first.unpositioned() == EVERY
    await place.publish(("cus_1", Posted("cus_1", 1)))
    assert not (await first.poll(10, 0.3)).offsets
    assert len(await gather(first, 1)) == 1


async def test_a_static_member_that_restarts_keeps_its_partitions(place: KafkaPlace) -> None:
    first = await place.open(CODEC, instance="worker-0")
    second = await place.open(CODEC, instance="worker-1")
    async with asyncio.timeout(20):
        while len(first.assigned()) != PARTITIONS // 2 or len(second.assigned()) != PARTITIONS // 2:
            await asyncio.gather(turn(first), turn(second))
    mine, theirs = first.assigned(), second.assigned()
    await second.stop()
    again = await place.open(CODEC, instance="worker-1")
    await asyncio.gather(turn(first), turn(again))
    assert again.assigned() == theirs
    assert first.assigned() == mine
    assert not first.unpositioned()


async def test_a_record_without_a_readable_key_goes_to_the_dead_letters(place: KafkaPlace) -> None:
    await send(place, b"not an event", b"\xff\xfe")
    await send(place, b"{}", None)
    await place.publish(("cus_1", Posted("cus_1", 1)))
    feed = await place.open(CODEC)
    (found,) = await gather(feed, 1)
    assert isinstance(found, Envelope)
    assert feed.dead_letters == 2
    letters = await dead_letters(place, 2)
    assert sorted(value or b"" for value, _ in letters) == [b"not an event", b"{}"]
    assert all(dict(headers)["guanxi-origin"].startswith(place.topics.name("entry").encode()) for _, headers in letters)


async def dead_letters(place: KafkaPlace, count: int) -> list[tuple[bytes | None, list[tuple[str, bytes]]]]:
    topic = place.topics.name(DEAD_LETTER)
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=place.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(10):
            records = [await consumer.getone() for _ in range(count)]
        return [(record.value, list(record.headers)) for record in records]
    finally:
        await consumer.stop()


async def test_a_broken_document_under_a_readable_key_is_poison_of_that_key(place: KafkaPlace) -> None:
    await send(place, b'{"specversion": "1.0"', b"cus_7")
    (poison,) = await gather(await place.open(CODEC), 1)
    assert poison == Poison("kafka/entry", 1, "cus_7", b'{"specversion": "1.0"', "not an event of ours: DecodeError")


async def test_what_retention_has_eaten_is_told_for_ever(place: KafkaPlace) -> None:
    await place.publish(*(("cus_1", Posted("cus_1", n)) for n in range(10)))
    admin = AIOKafkaAdminClient(bootstrap_servers=place.bootstrap)
    await admin.start()
    part = TopicPartition(place.topics.name("entry"), partition_of(b"cus_1", PARTITIONS))
    await admin.delete_records({part: RecordsToDelete(before_offset=-1)})
    await admin.close()
    feed = await place.open(CODEC)
    with pytest.raises(OffsetsLost):
        await gather(feed, 10)
    with pytest.raises(OffsetsLost):
        await feed.poll(10, 0.1)


async def test_a_failure_inside_a_rebalance_is_raised_by_poll_and_then_healed(
    place: KafkaPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.publish(("cus_1", Posted("cus_1", 1)))
    feed = place.feed(CODEC)
    with monkeypatch.context() as broken:
        broken.setattr(AIOKafkaConsumer, "pause", lambda *_: 1 / 0)
        await feed.start()
        assert not feed.assigned()
    with pytest.raises(ZeroDivisionError):
        await feed.poll(10, 0.1)
    assert len(await gather(feed, 1)) == 1


async def test_a_failure_while_reading_delivers_again(place: KafkaPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    await place.publish(*((f"cus_{n}", Posted(f"cus_{n}", n)) for n in range(20)))
    feed = await place.open(CODEC)
    with monkeypatch.context() as broken:
        broken.setattr(wire, "decode", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await gather(feed, 1)
    assert feed.unpositioned() == EVERY
    assert len({each.position for each in await gather(feed, 20)}) == 20


async def test_the_lag_is_what_was_not_delivered(place: KafkaPlace) -> None:
    await place.publish(*(("cus_1", Posted("cus_1", n)) for n in range(30)))
    feed = await place.open(CODEC)
    await feed.seek(beginning(feed.unpositioned()))
    async with asyncio.timeout(10):
        while not (batch := await feed.poll(10, 0.2)).deliveries:
            pass
    assert sum(map(len, batch.deliveries.values())) == 10
    assert await feed.lag() == 20
    await gather(feed, 20)
    assert await feed.lag() == 0


async def test_a_missing_topic_refuses_the_start(kafka_bootstrap: str, topic_prefix: str) -> None:
    feed = KafkaPlace(kafka_bootstrap, topic_prefix).feed(CODEC)
    with pytest.raises(TopicsDiffer):
        await feed.start()


@pytest.mark.slow
async def test_reading_goes_on_after_the_broker_was_away(own_kafka: Kafka, topic_prefix: str) -> None:
    place = KafkaPlace(own_kafka.bootstrap, topic_prefix)
    await place.publish(*((f"cus_{n}", Posted(f"cus_{n}", n)) for n in range(50)))
    feed = await place.open(CODEC, session_seconds=3)
    found = {each.position for each in await gather(feed, 50)}
    await asyncio.to_thread(own_kafka.kill)
    await turn(feed, 1)
    await asyncio.to_thread(own_kafka.start)
    await place.publish(*((f"cus_{n}", Posted(f"cus_{n}", n)) for n in range(50)))
    async with asyncio.timeout(30):
        while len(found) < 100:
            found |= {each.position for each in await turn(feed)}
    await place.close()
