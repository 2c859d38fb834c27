"""The topics between services: their names, and the idempotent step that creates them."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.codec import Codec

DEAD_LETTER = "dead-letter"
SECONDS_UNTIL_VISIBLE = 15
REACHED_MILLISECONDS = 2_000
_SETTINGS = {"cleanup.policy": "delete", "max.message.bytes": str(4 * 1024 * 1024)}


class TopicsDiffer(Exception):
    """A topic is missing or has another number of partitions than its neighbours must have."""


class Topics(msgspec.Struct, frozen=True):
    """The naming scheme. `prefix` separates installations that share a broker."""

    prefix: str = "guanxi"

    def name(self, short: str) -> str:
        """`transaction` → `guanxi.transaction.v1`."""
        return f"{self.prefix}.{short}.v1"

    def names(self, shorts: Sequence[str]) -> list[str]:
        """The names of several topics, in order."""
        return [self.name(short) for short in shorts]


def short_names(codec: Codec) -> list[str]:
    """The short topics of everything that the codec's contracts publish, in the contracts' order."""
    return list(dict.fromkeys(event.topic for event in codec.events))


async def create_topics(bootstrap: str, names: Sequence[str], partitions: int, replication: int = -1) -> list[str]:
    """Create what is missing and return its names; `replication` -1 is the broker's default.

    Raises `TopicsDiffer` when an existing topic has another number of partitions, `TimeoutError`, and Kafka's errors.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        # aiokafka wants an assignment, though an empty one, where the broker is to choose the replication.
        assignments = {} if replication == -1 else None
        wanted = [NewTopic(name, partitions, replication, assignments, _SETTINGS) for name in names]
        response: Any = await admin.create_topics(wanted)
        created = [name for name, code, *_ in response.topic_errors if _is_new(code)]
        for name, count in (await _visible(admin, names)).items():
            if count != partitions:
                raise TopicsDiffer(f"{name} has {count} partitions, not {partitions}")
        return created
    finally:
        await admin.close()


async def partition_count(bootstrap: str, names: Sequence[str]) -> int:
    """How many partitions each of the topics has. Raises `TopicsDiffer` unless all exist and agree."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        counts = await _partitions(admin, names)
    finally:
        await admin.close()
    if missing := [name for name in names if not counts.get(name)]:
        raise TopicsDiffer(f"missing topics: {', '.join(missing)}")
    if len(set(counts.values())) != 1:
        raise TopicsDiffer(f"topics have different numbers of partitions: {counts}")
    return next(iter(counts.values()))


async def answers(bootstrap: str) -> None:
    """Return when a broker has told its metadata. Raises Kafka's errors."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap, request_timeout_ms=REACHED_MILLISECONDS)
    try:
        await client.bootstrap()
    finally:
        await client.close()


def _is_new(code: int) -> bool:
    error = for_code(code)
    if code and error is not TopicAlreadyExistsError:
        raise error()
    return code == 0


async def _visible(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, int]:
    """A broker answers for a new topic a moment after the controller has made it: wait, so that clients need not."""
    async with asyncio.timeout(SECONDS_UNTIL_VISIBLE):
        while True:
            counts = await _partitions(admin, names)
            if all(counts.values()):
                return counts
            await asyncio.sleep(0.05)


async def _partitions(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, int]:
    described = await admin.describe_topics(list(names)) if names else []
    return {topic["topic"]: len(topic["partitions"]) for topic in described}
