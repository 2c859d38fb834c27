"""One suite for every feed. A new feed adds a `FeedPlace` to the parameters of `located`."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from shared.codec import Codec
from shared.envelope import NewEvent
from shared.feed import Feed
from shared.feed_log import LogFeed
from shared.log import Append, Expected, Write
from support.kafka_place import KafkaPlace
from support.ledger import AT, append
from support.logs import LogStore, sqlite_url


class FeedPlace(Protocol):
    """Where a feed's events live, and how to open it once more."""

    async def publish(self, *events: tuple[str, Any]) -> None:
        """Make (key, event) pairs visible to every feed, in this order."""
        ...

    async def spoil(self, key: str) -> None:
        """Publish an `entry.posted` of this key whose data does not decode."""
        ...

    async def open(self, codec: Codec, *, topics: Sequence[str] | None = None) -> Feed:
        """A started feed of all the events; a second one while the first still runs is not asked for."""
        ...

    async def close(self) -> None:
        """Stop what was opened."""
        ...


class LogPlace:
    """Event logs as a feed place."""

    def __init__(self, store: LogStore) -> None:
        self._store = store

    async def publish(self, *events: tuple[str, Any]) -> None:
        await append(await self._store.open(), *events)

    async def spoil(self, key: str) -> None:
        log = await self._store.open()
        broken = NewEvent(key, "entry.posted", 1, b'{"amount":"many"}', AT)
        await log.append([Append((Write(f"account-{key}", Expected.ANY, (broken,)),))])

    async def open(self, codec: Codec, *, topics: Sequence[str] | None = None) -> Feed:
        feed = LogFeed([await self._store.open()], codec, topics)
        await feed.start()
        return feed

    async def close(self) -> None:
        await self._store.close()


@pytest.fixture(
    params=[
        "memory",
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("kafka", marks=pytest.mark.kafka),
    ]
)
def located(request: pytest.FixtureRequest, tmp_path: Path) -> FeedPlace:
    # Not async: it asks for an async fixture by name, which an async one cannot.
    if request.param == "kafka":
        return KafkaPlace(request.getfixturevalue("kafka_bootstrap"), request.getfixturevalue("topic_prefix"))
    urls = {"memory": lambda: None, "sqlite": lambda: sqlite_url(tmp_path)}
    url = urls.get(request.param, lambda: request.getfixturevalue("postgres_url"))()
    return LogPlace(LogStore(request.param, url))


@pytest.fixture
async def place(located: FeedPlace) -> AsyncIterator[FeedPlace]:
    yield located
    await located.close()
