"""Where the topics end now, and whether anybody reads them: what a rebuild must know before it begins."""

from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.feed import Offsets
from shared.topics import partition_count


async def end_offsets(bootstrap: str, names: Sequence[str]) -> dict[int, Offsets]:
    """Partition → topic → the offset of what is published next. Raises `TopicsDiffer` and Kafka's errors."""
    partitions = await partition_count(bootstrap, names)
    places = [TopicPartition(name, number) for name in names for number in range(partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        ends = await consumer.end_offsets(places)
    finally:
        await consumer.stop()
    return {number: {name: ends[TopicPartition(name, number)] for name in names} for number in range(partitions)}


async def members(bootstrap: str, group: str) -> int:
    """How many consumers a group has at this moment. Raises Kafka's errors."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        answers: Any = await admin.describe_consumer_groups([group])
    finally:
        await admin.close()
    return sum(len(found[5]) for answer in answers for found in answer.groups)
