"""The relay on the real broker: everything, in order, whatever stops in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from aiokafka import ConsumerRecord
from aiokafka.partitioner import DefaultPartitioner

from deploy.local import Kafka
from shared.envelope import Record
from shared.feed_log import LogGap
from shared.lease import Leader
from shared.log import EventLog
from shared.publisher import partition_of
from shared.relay import Fenced, Relay
from support.publishing import CODEC, PARTITIONS, bank, envelopes

pytestmark = pytest.mark.kafka


@asynccontextmanager
async def running(relay: Relay, epoch: int) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(relay.lead(epoch))
    yield task
    task.cancel()
    with suppress(asyncio.CancelledError, Fenced):
        await task


def assert_order(records: list[ConsumerRecord[bytes, bytes]]) -> None:
    """Nothing appears for the first time after something later of its partition: only repetitions go back."""
    highest: dict[int, int] = {}
    known: set[int] = set()
    for record, envelope in zip(records, envelopes(records), strict=True):
        assert envelope.position > highest.get(record.partition, 0) or envelope.position in known
        known.add(envelope.position)
        highest[record.partition] = max(envelope.position, highest.get(record.partition, 0))


async def test_every_event_is_published_once_as_it_was_recorded(
    tmp_path: Path, kafka_bootstrap: str, topic_prefix: str
) -> None:
    async with bank(tmp_path, kafka_bootstrap, topic_prefix) as service:
        await service.record(1, 300)
        relay = service.relay()
        async with running(relay, await service.lead()):
            await service.published(300)
            await service.record(301, 320)
            await service.published(320)
        records = await service.read()
        expected = [CODEC.decode(record) for record in await service.log.read(0, 1000)]
        assert sorted(envelopes(records), key=lambda envelope: envelope.position) == expected
        assert relay.published == 320
        assert (await relay.lag()).events == 0
        for record, envelope in zip(records, envelopes(records), strict=True):
            assert record.key == envelope.key.encode()
            assert record.partition == partition_of(record.key, PARTITIONS)
            assert {name for name, _ in record.headers} <= {"content-type", "traceparent"}
            assert record.timestamp == int(envelope.recorded_at.timestamp() * 1000)
        assert_order(records)


async def test_a_new_leader_continues_where_the_old_one_was_acknowledged(
    tmp_path: Path, kafka_bootstrap: str, topic_prefix: str
) -> None:
    async with bank(tmp_path, kafka_bootstrap, topic_prefix) as service:
        await service.record(1, 50)
        async with running(service.relay(), await service.lead()):
            await service.published(50)
        await service.record(51, 80)
        assert (await service.relay().lag()).events == 30
        async with running(service.relay(), await service.lead()):
            await service.published(80)
        assert [each.position for each in sorted(envelopes(await service.read()), key=lambda each: each.position)] == [
            *range(1, 81)
        ]


async def test_an_old_leader_is_fenced_and_what_it_repeats_harms_nobody(
    tmp_path: Path, kafka_bootstrap: str, topic_prefix: str
) -> None:
    async with bank(tmp_path, kafka_bootstrap, topic_prefix) as service:
        await service.record(1, 40)
        old = await service.lead()
        async with running(service.relay(), old) as zombie:
            await service.published(40)
            new = await service.lead()
            async with running(service.relay(), new):
                await service.record(41, 90)
                await service.published(90)
                with pytest.raises(Fenced):
                    await zombie
        records = await service.read()
        assert {envelope.position for envelope in envelopes(records)} == set(range(1, 91))
        assert await service.cursor.position() == 90
        assert_order(records)


async def test_a_cursor_moves_only_for_its_epoch_and_from_where_it_stands(
    tmp_path: Path, kafka_bootstrap: str, topic_prefix: str
) -> None:
    async with bank(tmp_path, kafka_bootstrap, topic_prefix) as service:
        old = await service.lead()
        new = await service.lead()
        with pytest.raises(Fenced):
            await service.cursor.begin(old)
        assert await service.cursor.begin(new) == 0
        with pytest.raises(Fenced):
            await service.cursor.move(old, 0, 10)
        await service.cursor.move(new, 0, 10)
        with pytest.raises(Fenced):
            await service.cursor.move(new, 0, 20)
        assert await service.cursor.position() == 10


async def test_two_replicas_share_the_work_by_lease(tmp_path: Path, kafka_bootstrap: str, topic_prefix: str) -> None:
    async with bank(tmp_path, kafka_bootstrap, topic_prefix) as service:
        relays = [service.relay(), service.relay()]
        leaders = [
            asyncio.create_task(
                Leader(
                    "complaint-publishing", service.database, lambda e, relay=relay: [relay.under(e)], seconds=0.9
                ).run()
            )
            for relay in relays
        ]
        await service.record(1, 30)
        await service.published(30)
        active = 0 if relays[0].published else 1
        assert relays[1 - active].published == 0
        leaders[active].cancel()
        await service.record(31, 60)
        await service.published(60)
        assert relays[1 - active].published == 30
        leaders[1 - active].cancel()
        await asyncio.gather(*leaders, return_exceptions=True)


async def test_a_gap_in_the_log_stops_the_relay(tmp_path: Path, kafka_bootstrap: str, topic_prefix: str) -> None:
    class Torn:
        """A log whose third record is missing."""

        name = "complaint"

        def __init__(self, whole: EventLog) -> None:
            self._whole = whole

        def __getattr__(self, name: str) -> object:
            return getattr(self._whole, name)

        async def read(self, after: int, limit: int) -> list[Record]:
            return [record for record in await self._whole.read(after, limit) if record.position != 3]

    async with bank(tmp_path, kafka_bootstrap, topic_prefix) as service:
        await service.record(1, 5)
        service.log = Torn(service.log)  # type: ignore[assignment]
        with pytest.raises(LogGap):
            await service.relay().lead(await service.lead())
        assert await service.cursor.position() == 0


@pytest.mark.slow
async def test_a_broker_that_dies_and_comes_back_costs_nothing_but_repetitions(
    tmp_path: Path, own_kafka: Kafka, topic_prefix: str
) -> None:
    async with bank(tmp_path, own_kafka.bootstrap, topic_prefix) as service:
        relay = service.relay()
        async with running(relay, await service.lead()):
            await service.record(1, 200)
            await service.published(200)
            await asyncio.to_thread(own_kafka.kill)
            await service.record(201, 400)
            await asyncio.sleep(1)
            assert (await relay.lag()).events == 200
            assert (await relay.lag()).seconds > 0.5
            await asyncio.to_thread(own_kafka.start)
            await service.published(400)
        records = await service.read()
        assert {envelope.position for envelope in envelopes(records)} == set(range(1, 401))
        assert_order(records)


def test_the_partition_is_kafkas_default() -> None:
    every = list(range(24))
    for key in (b"cus_1", b"cus_2", b"", "关系".encode()):
        assert partition_of(key, 24) == DefaultPartitioner()(key, every, every)
