"""What a projector relies on, whichever feed it reads."""

import asyncio
import time

import pytest

from shared.codec import Codec, SchemaTooNew, Unknown
from shared.envelope import Envelope
from shared.feed import Batch, Delivery, Feed, Offsets, Poison
from support.ledger import AT, CODEC, NEWER, Broken, LedgerContract, Posted

from .conftest import FeedPlace

KEYS = [f"cus_{n}" for n in range(5)]


async def drain(feed: Feed, count: int, limit: int = 500, seconds: float = 10.0) -> list[Batch]:
    """Batches until `count` deliveries have come; newly assigned partitions begin at the start."""
    batches: list[Batch] = []
    deadline = time.monotonic() + seconds
    while sum(len(page) for batch in batches for page in batch.deliveries.values()) < count:
        assert time.monotonic() < deadline, "the feed does not deliver"
        await feed.seek({number: {} for number in feed.unpositioned()})
        batches.append(await feed.poll(limit, 0.2))
    return batches


def deliveries(batches: list[Batch]) -> list[Delivery]:
    return [each for batch in batches for page in batch.deliveries.values() for each in page]


async def test_delivers_every_event_of_a_key_in_its_order(place: FeedPlace) -> None:
    await place.publish(*((KEYS[n % 5], Posted(KEYS[n % 5], n)) for n in range(60)))
    found = deliveries(await drain(await place.open(CODEC), 60))
    for key in KEYS:
        amounts = [each.data.amount for each in found if isinstance(each, Envelope) and each.key == key]
        assert amounts == [n for n in range(60) if KEYS[n % 5] == key]


async def test_delivers_whole_envelopes(place: FeedPlace) -> None:
    await place.publish(("cus_0", Posted("cus_0", 1)))
    (found,) = deliveries(await drain(await place.open(CODEC), 1))
    assert isinstance(found, Envelope)
    assert (found.position, found.version, found.key, found.type) == (1, 1, "cus_0", "entry.posted")
    assert found.topic == "entry"
    assert found.channel.endswith("/entry")
    assert found.occurred_at == AT
    assert found.data == Posted("cus_0", 1)


async def test_delivers_nothing_before_it_is_positioned(place: FeedPlace) -> None:
    await place.publish(("cus_0", Posted("cus_0", 1)))
    feed = await place.open(CODEC)
    assert await feed.poll(10, 0.05) == Batch({}, {})


async def test_delivers_no_more_than_the_limit(place: FeedPlace) -> None:
    await place.publish(*((key, Posted(key, 1)) for key in KEYS * 4))
    batches = await drain(await place.open(CODEC), 20, limit=3)
    assert all(sum(map(len, batch.deliveries.values())) <= 3 for batch in batches)


async def test_a_new_feed_continues_at_the_offsets_of_the_last_batch(place: FeedPlace) -> None:
    await place.publish(*((key, Posted(key, n)) for n in range(4) for key in KEYS))
    first = await place.open(CODEC)
    batches = await drain(first, 7, limit=7)
    await first.stop()
    offsets: dict[int, Offsets] = {}
    for batch in batches:
        offsets |= batch.offsets
    second = await place.open(CODEC)
    rest: list[Batch] = []
    before = deliveries(batches)
    while len(before) + len(deliveries(rest)) < 20:
        await second.seek({number: offsets.get(number, {}) for number in second.unpositioned()})
        rest.append(await second.poll(500, 0.2))
    positions = sorted(each.position for each in before + deliveries(rest))
    assert positions == list(range(1, 21))


async def test_seeking_back_delivers_again(place: FeedPlace) -> None:
    await place.publish(*((key, Posted(key, 1)) for key in KEYS))
    feed = await place.open(CODEC)
    once = deliveries(await drain(feed, 5))
    await feed.seek({number: {} for number in feed.assigned()})
    again = deliveries(await drain(feed, 5))
    assert sorted(map(place_of, again)) == sorted(map(place_of, once))


async def test_waits_for_what_is_published_later(place: FeedPlace) -> None:
    feed = await place.open(CODEC)

    async def later() -> None:
        await asyncio.sleep(0.2)
        await place.publish(("cus_0", Posted("cus_0", 1)))

    publishing = asyncio.create_task(later())
    assert len(deliveries(await drain(feed, 1))) == 1
    await publishing


async def test_an_empty_poll_returns_in_time(place: FeedPlace) -> None:
    feed = await place.open(CODEC)
    await feed.seek({number: {} for number in feed.unpositioned()})
    started = time.monotonic()
    batch = await feed.poll(10, 0.1)
    assert deliveries([batch]) == []
    assert time.monotonic() - started < 3.0


async def test_undecodable_data_is_poison_of_its_key_and_others_go_on(place: FeedPlace) -> None:
    await place.publish(("cus_0", Posted("cus_0", 1)))
    await place.spoil("cus_1")
    await place.publish(("cus_2", Posted("cus_2", 1)))
    found = deliveries(await drain(await place.open(CODEC), 3))
    (poison,) = [each for each in found if isinstance(each, Poison)]
    assert (poison.key, poison.position, poison.channel.partition("/")[2]) == ("cus_1", 2, "entry")
    assert poison.raw
    assert sorted(each.key for each in found) == ["cus_0", "cus_1", "cus_2"]


async def test_an_unknown_type_is_delivered_as_it_came(place: FeedPlace) -> None:
    await place.publish(("cus_0", Broken("cus_0")))
    (found,) = deliveries(await drain(await place.open(NEWER), 1))
    assert isinstance(found, Envelope)
    assert isinstance(found.data, Unknown)
    assert bytes(found.data.raw) == b'{"account":"cus_0"}'


async def test_a_schema_from_the_future_stops_the_reader(place: FeedPlace) -> None:
    class Older(LedgerContract):
        EVENTS = (("entry.posted", 0, Posted, "entry"),)

    await place.publish(("cus_0", Posted("cus_0", 1)))
    feed = await place.open(Codec([Older()]))
    with pytest.raises(SchemaTooNew):
        await drain(feed, 1)


def place_of(delivery: Delivery) -> tuple[str, int]:
    return delivery.channel, delivery.position
