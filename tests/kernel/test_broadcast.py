"""A broadcast gives each subscriber every accepted event once, in order, from any position."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from services.complaint import contract
from services.complaint.contract import PraiseRecorded
from shared.broadcast import Broadcast, Lagging
from shared.codec import Codec
from shared.log import Append, Expected, Write
from shared.log_memory import MemoryEventLog

CODEC = Codec([contract])


async def praise(log: MemoryEventLog, count: int) -> None:
    for _ in range(count):
        number = await log.head() + 1
        event = CODEC.encode("c", PraiseRecorded(f"p{number}", "i"), datetime.now(UTC))
        await log.append([Append((Write(f"praise-{number}", Expected.NO_STREAM, (event,)),))])


@asynccontextmanager
async def running(broadcast: Broadcast) -> AsyncIterator[None]:
    task = asyncio.create_task(broadcast.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def take(broadcast: Broadcast, count: int, after: int | None = None) -> list[int]:
    positions: list[int] = []
    async for position, _ in broadcast.subscribe(lambda envelope: True, after):
        positions.append(position)
        if len(positions) == count:
            break
    return positions


async def test_replays_from_a_position_and_goes_on_live_without_gap_or_repetition() -> None:
    log = MemoryEventLog("complaint")
    await praise(log, 5)
    broadcast = Broadcast(log, CODEC, lambda envelope: envelope.id.encode())
    async with running(broadcast), asyncio.timeout(5):
        reader = asyncio.create_task(take(broadcast, 10, after=2))
        await asyncio.sleep(0.01)
        await praise(log, 7)
        assert await reader == list(range(3, 13))


async def test_without_a_position_only_what_happens_from_now_on() -> None:
    log = MemoryEventLog("complaint")
    await praise(log, 5)
    broadcast = Broadcast(log, CODEC, lambda envelope: envelope.id.encode())
    async with running(broadcast), asyncio.timeout(5):
        reader = asyncio.create_task(take(broadcast, 2))
        while not broadcast.subscribers:
            await asyncio.sleep(0)
        await praise(log, 2)
        assert await reader == [6, 7]


async def test_filters_before_queueing() -> None:
    log = MemoryEventLog("complaint")
    broadcast = Broadcast(log, CODEC, lambda envelope: envelope.id.encode(), limit=2)
    async with running(broadcast), asyncio.timeout(5):
        even = broadcast.subscribe(lambda envelope: envelope.position % 4 == 0, after=0)
        first = asyncio.ensure_future(anext(even))
        while not broadcast.subscribers:
            await asyncio.sleep(0)
        await praise(log, 8)
        assert (await first)[0] == 4
        assert (await anext(even))[0] == 8


async def test_a_slow_subscriber_is_let_go_and_the_others_go_on() -> None:
    log = MemoryEventLog("complaint")
    broadcast = Broadcast(log, CODEC, lambda envelope: envelope.id.encode(), limit=2)
    async with running(broadcast), asyncio.timeout(5):
        slow = broadcast.subscribe(lambda envelope: True, after=0)
        quick = asyncio.create_task(take(broadcast, 6))
        first = asyncio.ensure_future(anext(slow))
        while broadcast.subscribers < 2:
            await asyncio.sleep(0)
        for _ in range(6):
            await praise(log, 1)
            await asyncio.sleep(0.01)
        assert await quick == list(range(1, 7))
        assert [(await first)[0], (await anext(slow))[0], (await anext(slow))[0]] == [1, 2, 3]
        with pytest.raises(Lagging):
            await anext(slow)
        assert broadcast.subscribers == 0
