"""Records to Kafka: whole batches per partition, acknowledged by every replica in sync, in the order of the log."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder

from shared import wire
from shared.codec import Codec
from shared.envelope import Record
from shared.topics import Topics

BATCH_BYTES = 512 * 1024
REQUEST_MILLISECONDS = 15_000
STOP_SECONDS = 5
TURN = 250
"""After so many records the event loop gets a turn: HTTP is answered in the same process."""

Queue: TypeAlias = "deque[tuple[wire.Message, int]]"
"""Messages of one partition with their timestamps in milliseconds."""


class Publisher:
    """Use as an async context manager; after an exception it may not be used again.

    A batch that failed may still arrive late. With a new producer everything since the cursor is sent again, so a
    consumer sees repetitions, but never a later event before an earlier one that it has not seen.
    """

    def __init__(self, bootstrap: str, codec: Codec, topics: Topics, partitions: int) -> None:
        self._bootstrap = bootstrap
        self._codec = codec
        self._topics = topics
        self._partitions = partitions
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> "Publisher":
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            enable_idempotence=True,
            acks="all",
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=REQUEST_MILLISECONDS,
        )
        try:
            await self._producer.start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def publish(self, records: Sequence[Record]) -> None:
        """Return when all of them are acknowledged. Raises Kafka's errors; then an unknown part has arrived."""
        queues: dict[TopicPartition, Queue] = defaultdict(deque)
        for number, record in enumerate(records, 1):
            if number % TURN == 0:
                await asyncio.sleep(0)
            message = wire.encode(record)
            topic = self._topics.name(self._codec.topic(record.type))
            place = TopicPartition(topic, partition_of(message.key, self._partitions))
            queues[place].append((message, int(record.recorded_at.timestamp() * 1000)))
        while queues:
            await self._send_round(queues)
            queues = {place: queue for place, queue in queues.items() if queue}

    async def _send_round(self, queues: dict[TopicPartition, Queue]) -> None:
        """One batch for each partition. With two, the second could arrive although the first did not."""
        producer = self._running()
        sent = [
            await producer.send_batch(_fill(producer.create_batch(), queue), place.topic, partition=place.partition)
            for place, queue in queues.items()
        ]
        for result in await asyncio.gather(*sent, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    def _running(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise RuntimeError("the publisher is not open")
        return self._producer

    async def _stop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            stopping = asyncio.ensure_future(producer.stop())
            # What is in flight is published or not; the cursor has not moved, so nobody needs to wait long for it.
            await asyncio.wait([stopping], timeout=STOP_SECONDS)


@lru_cache(100_000)
def partition_of(key: bytes, partitions: int) -> int:
    """Kafka's default partition of a key: the same for every topic and for every other client."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def _fill(batch: BatchBuilder, queue: Queue) -> BatchBuilder:
    while queue:
        message, timestamp = queue[0]
        added: Any = batch.append(timestamp=timestamp, key=message.key, value=message.value, headers=message.headers)
        if added is None:
            break
        queue.popleft()
    return batch
