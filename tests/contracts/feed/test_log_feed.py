"""What only the log feed can do: filter topics, read several logs fairly, and notice a gap."""

import pytest

from shared.envelope import Record, Sealed
from shared.feed_log import PARTITION, LogFeed, LogGap
from shared.log_memory import MemoryEventLog
from support.ledger import CODEC, Noted, Posted, append


async def test_passed_over_topics_still_move_the_offsets() -> None:
    log = MemoryEventLog("ledger")
    sealed = Sealed("cus_0", "text", "box")
    await append(
        log, ("cus_0", Posted("cus_0", 1)), ("cus_0", Noted("cus_0", sealed)), ("cus_0", Noted("cus_0", sealed))
    )
    feed = LogFeed([log], CODEC, {"entry"})
    await feed.seek({PARTITION: {}})
    batch = await feed.poll(10, 0)
    assert [each.position for each in batch.deliveries[PARTITION]] == [1]
    assert batch.offsets == {PARTITION: {"ledger": 3}}


async def test_a_busy_log_does_not_starve_another() -> None:
    busy, quiet = MemoryEventLog("busy"), MemoryEventLog("quiet")
    await append(busy, *(("cus_0", Posted("cus_0", n)) for n in range(50)))
    await append(quiet, ("cus_1", Posted("cus_1", 1)))
    feed = LogFeed([busy, quiet], CODEC)
    await feed.seek({PARTITION: {}})
    seen = [each.log for _ in range(3) for each in (await feed.poll(5, 0)).deliveries[PARTITION]]  # type: ignore[union-attr]
    assert "quiet" in seen
    assert await feed.lag() == 51 - len(seen)


class Gappy(MemoryEventLog):
    """A log whose reads skip a position, as a reader of a sequence column would see it."""

    async def read(self, after: int, limit: int) -> list[Record]:
        return [record for record in await super().read(after, limit) if record.position != 2]


async def test_a_gap_in_the_positions_is_never_passed() -> None:
    log = Gappy("ledger")
    await append(log, *(("cus_0", Posted("cus_0", n)) for n in range(3)))
    feed = LogFeed([log], CODEC)
    await feed.seek({PARTITION: {}})
    with pytest.raises(LogGap):
        await feed.poll(10, 0)
