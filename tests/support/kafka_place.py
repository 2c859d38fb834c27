"""A log published to real topics, as a place for feeds: what the feed contract suite and the stack tests read from."""

import uuid
from collections.abc import Sequence
from typing import Any

from shared.codec import Codec
from shared.envelope import NewEvent
from shared.feed_kafka import KafkaFeed
from shared.log import Append, Expected, Write
from shared.log_memory import MemoryEventLog
from shared.publisher import Publisher
from shared.topics import DEAD_LETTER, Topics, create_topics
from support.ledger import AT, CODEC, append

PARTITIONS = 6
SHORTS = ("entry", "note")


class KafkaPlace:
    """The ledger's topics on one broker, under a prefix of the test's own."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.bootstrap = bootstrap
        self.topics = Topics(prefix)
        self.log = MemoryEventLog("ledger")
        self.group = f"{prefix}-{uuid.uuid4().hex[:6]}"
        self._feeds: list[KafkaFeed] = []
        self._published = 0
        self._prepared = False

    async def prepare(self) -> None:
        """Create the topics, once."""
        if not self._prepared:
            await create_topics(self.bootstrap, self.topics.names([*SHORTS, DEAD_LETTER]), PARTITIONS)
            self._prepared = True

    async def publish(self, *events: tuple[str, Any]) -> None:
        await append(self.log, *events)
        await self._relay()

    async def spoil(self, key: str) -> None:
        broken = NewEvent(key, "entry.posted", 1, b'{"amount":"many"}', AT)
        await self.log.append([Append((Write(f"account-{key}", Expected.ANY, (broken,)),))])
        await self._relay()

    async def open(self, codec: Codec, *, topics: Sequence[str] | None = None, **settings: Any) -> KafkaFeed:
        await self.prepare()
        feed = self.feed(codec, topics=topics, **settings)
        await feed.start()
        return feed

    def feed(self, codec: Codec, *, topics: Sequence[str] | None = None, **settings: Any) -> KafkaFeed:
        """A feed of the place's group that is not started yet."""
        feed = KafkaFeed(self.bootstrap, self.group, codec, self.topics, topics or SHORTS, **settings)
        self._feeds.append(feed)
        return feed

    async def close(self) -> None:
        for feed in self._feeds:
            await feed.stop()

    async def _relay(self) -> None:
        await self.prepare()
        async with Publisher(self.bootstrap, CODEC, self.topics, PARTITIONS) as publisher:
            records = await self.log.read(self._published, 100_000)
            await publisher.publish(records)
            self._published += len(records)
