"""The live feed: Kafka's topics, one worker for each partition number of all of them.

The consumer never decides where to read. A partition that is assigned is paused at once and delivers nothing until
`seek` has told where to begin, and the projector's own cursors are the truth; what is committed to Kafka is only for
tools that show lag. Nothing is filtered: the projector drops what it has seen.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from shared import wire
from shared.codec import Codec, Undecodable
from shared.dead_letters import DeadLetters
from shared.feed import Batch, Delivery, Offsets, Poison
from shared.projection import Projection
from shared.topics import Topics, partition_count

COMMIT_SECONDS = 5.0
PARTITION_BYTES = 256 * 1024
FETCH_BYTES = 8 * 1024 * 1024
TURN = 250
"""After so many records the event loop gets a turn: heartbeats and HTTP run beside."""

_log = logging.getLogger("guanxi.feed")


class OffsetsLost(Exception):
    """Kafka no longer has the records after a cursor (retention): rebuild the projection from the logs."""


class KafkaFeed:
    """A consumer group member that reads the same partition numbers of every topic.

    Args:
        bootstrap: `host:port`, several separated by commas.
        group: the consumer group, one for each projection and version.
        codec: decodes what the topics carry.
        topics: the naming scheme.
        shorts: the short topics to read.
        instance: a static member's name (a pod's): a restart within the session then moves no partitions.
    """

    def __init__(
        self,
        bootstrap: str,
        group: str,
        codec: Codec,
        topics: Topics,
        shorts: Sequence[str],
        *,
        instance: str | None = None,
        session_seconds: float = 10.0,
    ) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._codec = codec
        self._topics = topics.names(shorts)
        self._shorts = dict(zip(self._topics, shorts, strict=True))
        self._instance = instance
        self._session = int(session_seconds * 1000)
        self._dead_letters = DeadLetters(bootstrap, topics)
        self._consumer: AIOKafkaConsumer | None = None
        self._next: dict[int, Offsets | None] = {}
        self._failure: Exception | None = None
        self._committed = 0.0
        self._started = False

    @property
    def dead_letters(self) -> int:
        """How many records without a readable key were put aside since the start."""
        return self._dead_letters.count

    async def start(self) -> None:
        """Join the group. Raises `TopicsDiffer` unless every topic exists with the same number of partitions."""
        if self._consumer is None:
            await partition_count(self._bootstrap, self._topics)
            await self._connect()
        self._started = True

    async def stop(self) -> None:
        """Leave; idempotent."""
        self._started = False
        await self._disconnect()
        await self._dead_letters.stop()

    def assigned(self) -> frozenset[int]:
        return frozenset(self._next)

    def unpositioned(self) -> frozenset[int]:
        return frozenset(partition for partition, offsets in self._next.items() if offsets is None)

    async def seek(self, positions: Mapping[int, Offsets]) -> None:
        """Begin at these offsets; a topic without one begins at 0, and fails if retention has eaten that."""
        consumer = self._running()
        for partition, offsets in positions.items():
            if partition not in self._next:
                continue
            begin = {topic: offsets.get(topic, 0) for topic in self._topics}
            # Seek before resume: the other way round a fetch at the old place could slip through.
            for topic, offset in begin.items():
                consumer.seek(TopicPartition(topic, partition), offset)
            consumer.resume(*self._places([partition]))
            self._next[partition] = begin

    async def poll(self, limit: int, seconds: float) -> Batch:
        """Raises `SchemaTooNew`, `OffsetsLost`, Kafka's errors, and what went wrong in a rebalance."""
        await self._heal()
        consumer = self._running()
        await self._commit(consumer)
        try:
            pages = await consumer.getmany(timeout_ms=int(seconds * 1000), max_records=limit)
            return await self._batch(pages)
        except OffsetOutOfRangeError as error:
            self._failure = OffsetsLost(f"Kafka has lost what follows the cursor: {error}")
            raise self._failure from error
        except BaseException:
            # The consumer has moved past what was not delivered.
            self._unposition()
            raise

    async def lag(self) -> int:
        """How many records of the positioned partitions are not delivered yet, as far as the brokers have told."""
        consumer = self._running()
        assigned = consumer.assignment()
        offsets = {place: offset for place, offset in self._positions().items() if place in assigned}
        return sum(max(0, (consumer.highwater(place) or 0) - offset) for place, offset in offsets.items())

    def _running(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise KafkaError("the feed is not started")
        return self._consumer

    async def _connect(self) -> None:
        self._failure = None
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=self._group,
            group_instance_id=self._instance,
            partition_assignment_strategy=(RangePartitionAssignor,),
            enable_auto_commit=False,
            auto_offset_reset="none",
            session_timeout_ms=self._session,
            heartbeat_interval_ms=self._session // 4,
            max_partition_fetch_bytes=PARTITION_BYTES,
            fetch_max_bytes=FETCH_BYTES,
        )
        self._consumer = consumer
        consumer.subscribe(self._topics, listener=_Listener(self._revoked, self._assigned))
        try:
            await consumer.start()
        except BaseException:
            await self._disconnect()
            raise

    async def _disconnect(self) -> None:
        consumer, self._consumer, self._next = self._consumer, None, {}
        if consumer is not None:
            await consumer.stop()

    def _revoked(self) -> None:
        self._next = {}

    def _assigned(self, places: Iterable[TopicPartition]) -> None:
        """Runs beside the projector's work, and aiokafka swallows what it raises: the next poll must raise it."""
        try:
            places = set(places)
            partitions = {place.partition for place in places}
            if places != set(self._places(partitions)):
                raise KafkaError("a partition number is split between workers")
            self._hold(places)
            self._next = dict.fromkeys(partitions)
        except Exception as error:
            self._next = {}
            self._failure = error

    def _places(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(topic, partition) for partition in partitions for topic in self._topics]

    def _positions(self) -> dict[TopicPartition, int]:
        """The next offset of everything that is positioned."""
        return {
            TopicPartition(topic, partition): offset
            for partition, offsets in self._next.items()
            for topic, offset in (offsets or {}).items()
        }

    def _hold(self, places: Iterable[TopicPartition]) -> None:
        """Deliver nothing. Without any offset aiokafka would look for a committed one, and fail for want of it."""
        consumer = self._running()
        for place in places:
            consumer.pause(place)
            consumer.seek(place, 0)

    def _unposition(self) -> None:
        try:
            self._hold(self._places(self._next))
            self._next = dict.fromkeys(self._next)
        except Exception as error:
            self._failure = error

    async def _heal(self) -> None:
        """A failure in a rebalance is told once, and the group joined anew; lost offsets are told for ever."""
        failure = self._failure
        if isinstance(failure, OffsetsLost):
            raise failure
        if failure is not None:
            await self._disconnect()
        if self._started and self._consumer is None:
            await self._connect()
        if failure is not None:
            raise failure

    async def _batch(self, pages: Mapping[TopicPartition, Sequence["ConsumerRecord[bytes, bytes]"]]) -> Batch:
        reading = self._next
        deliveries: dict[int, list[Delivery]] = {}
        offsets: dict[int, Offsets] = {}
        for place, records in pages.items():
            before = reading.get(place.partition)
            if before is None or not records:
                continue
            delivered = deliveries.setdefault(place.partition, [])
            for number, record in enumerate(records, 1):
                if number % TURN == 0:
                    await asyncio.sleep(0)
                delivery = self._deliver(record)
                if delivery is None:
                    await self._dead_letters.put(record)
                else:
                    delivered.append(delivery)
            offsets.setdefault(place.partition, dict(before))[place.topic] = records[-1].offset + 1
        if self._next is not reading:
            # Meanwhile the partitions were assigned anew, and wait to be positioned.
            return Batch({}, {})
        self._next.update(offsets)
        return Batch(deliveries, offsets)

    def _deliver(self, record: "ConsumerRecord[bytes, bytes]") -> Delivery | None:
        """None when not even the key can be read."""
        value, headers = record.value or b"", record.headers
        try:
            return wire.decode(value, headers, self._codec)
        except Undecodable as error:
            reason = str(error)
        origin = wire.origin(value, headers, self._codec)
        if origin is None:
            try:
                key = (record.key or b"").decode()
            except UnicodeDecodeError:
                return None
            origin = f"kafka/{self._shorts[record.topic]}", record.offset + 1, key
        channel, position, key = origin
        return Poison(channel, position, key, wire.document(value, headers), reason) if key else None

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        """For tools that show a group's lag. What the projector has saved is what it polls after."""
        now = time.monotonic()
        if now - self._committed < COMMIT_SECONDS:
            return
        self._committed = now
        offsets: dict[Any, Any] = dict(self._positions())
        if not offsets:
            return
        try:
            async with asyncio.timeout(1):
                await consumer.commit(offsets)
        except (KafkaError, TimeoutError) as error:
            _log.info("the group's offsets were not committed: %s", type(error).__name__)


def group_name(prefix: str, service: str, projection: Projection) -> str:
    """The consumer group of a projection version, in which every replica of the service is a member."""
    return f"{prefix}.{service}.{projection.name}.{projection.version}"


class _Listener(ConsumerRebalanceListener):
    def __init__(self, on_revoked: Callable[[], None], on_assigned: Callable[[Iterable[TopicPartition]], None]) -> None:
        self._on_revoked = on_revoked
        self._on_assigned = on_assigned

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._on_revoked()

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._on_assigned(assigned)
