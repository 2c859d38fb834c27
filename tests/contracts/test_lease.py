"""A lease has one holder, an epoch that only rises, and an end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from shared.database import Database
from shared.lease import Leader, Leases
from shared.migrations import migrate
from support.logs import sqlite_url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return sqlite_url(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = Database.open(url, pool=4)
    await migrate(opened)
    yield opened
    await opened.close()


class Worker:
    """A component that writes down when it runs; `fails` makes it raise at once."""

    name = "worker"

    def __init__(self, diary: list[str], label: str, *, fails: bool = False) -> None:
        self._diary, self._label, self._fails = diary, label, fails

    async def run(self) -> None:
        self._diary.append(f"{self._label} begins")
        try:
            if self._fails:
                raise RuntimeError("the worker failed")
            await asyncio.Event().wait()
        finally:
            self._diary.append(f"{self._label} ends")


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


async def end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_one_holder_at_a_time(database: Database) -> None:
    one, two = Leases(database, "one"), Leases(database, "two")
    lease = await one.acquire("relay", 10)
    assert lease is not None
    assert (lease.holder, lease.epoch) == ("one", 1)
    assert await two.acquire("relay", 10) is None
    assert await two.acquire("sweep", 10) is not None
    assert await one.renew(lease, 10)


async def test_a_released_lease_is_free_at_once_under_a_new_epoch(database: Database) -> None:
    one, two = Leases(database, "one"), Leases(database, "two")
    lease = await one.acquire("relay", 10)
    assert lease is not None
    await one.release(lease)
    taken = await two.acquire("relay", 10)
    assert taken is not None
    assert taken.epoch == 2
    assert not await one.renew(lease, 10)
    await one.release(lease)
    assert await two.renew(taken, 10)


async def test_a_lease_that_ran_out_cannot_be_renewed_and_is_free(database: Database) -> None:
    one, two = Leases(database, "one"), Leases(database, "two")
    lease = await one.acquire("relay", 0.05)
    assert lease is not None
    await asyncio.sleep(0.15)
    assert not await one.renew(lease, 10)
    taken = await two.acquire("relay", 10)
    assert taken is not None
    assert taken.epoch == 2


async def test_the_same_holder_gets_a_new_epoch_when_it_begins_again(database: Database) -> None:
    leases = Leases(database, "one")
    epochs = [lease.epoch for _ in range(3) if (lease := await leases.acquire("relay", 10))]
    assert epochs == [1, 2, 3]


async def test_of_many_that_ask_at_once_one_leads(database: Database) -> None:
    asked = await asyncio.gather(*(Leases(database).acquire("relay", 10) for _ in range(8)))
    assert [lease.epoch for lease in asked if lease] == [1]


async def test_a_second_leader_takes_over_when_the_first_stops(database: Database) -> None:
    diary: list[str] = []
    one = Leader("relay", database, lambda epoch: [Worker(diary, f"one in {epoch}")], seconds=0.3)
    two = Leader("relay", database, lambda epoch: [Worker(diary, f"two in {epoch}")], seconds=0.3)
    first = asyncio.create_task(one.run())
    await eventually(lambda: one.leading)
    second = asyncio.create_task(two.run())
    await asyncio.sleep(0.5)
    assert one.epoch == 1
    assert not two.leading
    await end(first)
    await eventually(lambda: two.leading)
    assert (one.epoch, two.epoch) == (None, 2)
    await end(second)
    assert diary == ["one in 1 begins", "one in 1 ends", "two in 2 begins", "two in 2 ends"]


async def test_a_leader_that_lost_its_lease_ends_its_components_and_may_lead_again(database: Database) -> None:
    diary: list[str] = []
    leader = Leader("relay", database, lambda epoch: [Worker(diary, str(epoch))], seconds=0.3, holder="one")
    running = asyncio.create_task(leader.run())
    await eventually(lambda: leader.leading)
    async with database.write() as connection:
        await connection.exec_driver_sql("update leases set holder = 'thief', epoch = 7")
    await eventually(lambda: leader.epoch == 8)
    await end(running)
    assert diary == ["1 begins", "1 ends", "8 begins", "8 ends"]


async def test_a_component_that_fails_ends_the_leader_and_frees_the_lease(database: Database) -> None:
    diary: list[str] = []
    leader = Leader("relay", database, lambda epoch: [Worker(diary, str(epoch), fails=True)], seconds=10)
    with pytest.raises(RuntimeError, match="the worker failed"):
        await leader.run()
    assert await Leases(database).acquire("relay", 10) is not None
