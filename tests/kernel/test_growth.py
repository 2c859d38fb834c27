"""Waiting for growth: woken at once, never asleep through an append, one look for many."""

import asyncio

from shared.log_growth import POLL, Growth


class Head:
    """A head that takes a while to look at and counts how often it is."""

    def __init__(self) -> None:
        self.value = 0
        self.looks = 0
        self.growth = Growth(self.look)

    async def look(self) -> int:
        self.looks += 1
        value = self.value
        await asyncio.sleep(0.01)
        return value

    def grow(self) -> None:
        self.value += 1
        self.growth.grown()


async def test_growth_wakes_at_once_however_often_it_comes() -> None:
    head = Head()
    for after in range(5):
        waiter = asyncio.create_task(head.growth.wait(after, 10))
        await asyncio.sleep(0.02)
        assert not waiter.done()
        head.grow()
        await asyncio.wait_for(waiter, POLL / 2)


async def test_growth_during_the_look_is_not_slept_through() -> None:
    head = Head()
    waiter = asyncio.create_task(head.growth.wait(0, 10))
    await asyncio.sleep(0.005)
    head.grow()
    await asyncio.wait_for(waiter, POLL / 2)


async def test_growth_that_nobody_tells_is_found_by_looking() -> None:
    head = Head()
    waiter = asyncio.create_task(head.growth.wait(0, 10))
    await asyncio.sleep(0.02)
    head.value = 1
    await asyncio.wait_for(waiter, POLL * 2)


async def test_many_who_wait_share_a_look() -> None:
    head = Head()
    waiters = [asyncio.create_task(head.growth.wait(0, 10)) for _ in range(200)]
    await asyncio.sleep(0.05)
    head.grow()
    await asyncio.wait_for(asyncio.gather(*waiters), POLL)
    assert head.looks <= 3


async def test_waiting_ends_in_time() -> None:
    head = Head()
    loop = asyncio.get_running_loop()
    started = loop.time()
    await head.growth.wait(0, 0.05)
    await head.growth.wait(0, 0)
    assert 0.04 <= loop.time() - started < 0.2
