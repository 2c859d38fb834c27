"""Group commit: grouping, fairness between callers, overload, failure and shutdown."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from shared.committer import Committer, Overloaded
from shared.log import Appended, Conflict, EventLog, LogUnavailable, Unrecordable, Write
from support.faulty import UNSTORABLE, FaultyLog
from support.logs import LogStore, command, event, sqlite_url, write


@asynccontextmanager
async def running(committer: Committer) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(committer.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_many_callers_share_an_append_and_get_their_own_verdicts() -> None:
    log = FaultyLog()
    committer = Committer(log, group=100)
    async with running(committer):
        verdicts = await asyncio.gather(*(committer.submit(command(write(f"s{n % 50}", 0))) for n in range(100)))
    assert verdicts[:50] == [Appended(f"s{n}", 1, n + 1) for n in range(50)]
    assert verdicts[50:] == [Conflict(f"s{n}", 1) for n in range(50)]
    assert log.batches == [100]


async def test_bulk_keeps_its_order_and_is_slowed_instead_of_refused() -> None:
    log = FaultyLog()
    committer = Committer(log, limit=3, group=2)
    async with running(committer):
        verdicts = await committer.submit_many([command(write("a", n)) for n in range(20)])
    assert verdicts == [Appended("a", n + 1, n + 1) for n in range(20)]
    assert max(log.batches) <= 2


async def test_a_full_queue_refuses_at_once_and_records_nothing_of_it() -> None:
    log = FaultyLog()
    committer = Committer(log, limit=2)
    waiting = [asyncio.create_task(committer.submit(command(write(f"s{n}", 0)))) for n in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await committer.submit(command(write("more", 0)))
    async with running(committer):
        assert [type(verdict) for verdict in await asyncio.gather(*waiting)] == [Appended, Appended]
    assert await log.head() == 2


async def _one_spoils_nothing(log: EventLog, bad: Write, meta: bytes = b"{}") -> None:
    committer = Committer(log)
    batch = [command(write("a", 0)), command(bad, meta=meta), command(write("a", 1)), command(write("b", 0))]
    async with running(committer):
        verdicts = await committer.submit_many(batch)
        assert isinstance(verdicts[1], Unrecordable)
        assert [verdicts[0], *verdicts[2:]] == [Appended("a", 1, 1), Appended("a", 2, 2), Appended("b", 1, 3)]
        results = await asyncio.gather(*(committer.submit(one) for one in batch[:2]), return_exceptions=True)
    assert results[0] == Conflict("a", 2)
    assert isinstance(results[1], Unrecordable)


async def test_one_commands_data_spoils_no_others() -> None:
    await _one_spoils_nothing(FaultyLog(), write("bad", 0), UNSTORABLE.encode())


async def test_one_commands_data_spoils_no_others_in_sqlite(tmp_path: Path) -> None:
    store = LogStore("sqlite", sqlite_url(tmp_path))
    await _one_spoils_nothing(await store.open(), Write("bad", 0, (event(key="\udc80"),)))
    await store.close()


@pytest.mark.postgres
async def test_one_commands_data_spoils_no_others_in_postgres(postgres_url: str) -> None:
    store = LogStore("postgres", postgres_url)
    await _one_spoils_nothing(await store.open(), Write("bad", 0, (event(key="\x00"),)))
    await store.close()


@pytest.mark.parametrize(("fault", "recorded"), [("lost before", 0), ("lost after", 3)])
async def test_an_unknown_outcome_is_told_and_never_appended_again(fault: str, recorded: int) -> None:
    log = FaultyLog()
    log.faults.append(fault)  # pyright: ignore[reportArgumentType]
    committer = Committer(log)
    async with running(committer):
        with pytest.raises(LogUnavailable):
            await committer.submit_many([command(write(f"s{n}", -1)) for n in range(3)])
        assert await log.head() == recorded
        assert log.batches == [3]
        assert await committer.submit(command(write("next", 0))) == Appended("next", 1, recorded + 1)


async def test_a_defect_reaches_its_callers_and_the_next_group_goes_on() -> None:
    log = FaultyLog()
    log.faults.append("defect")
    committer = Committer(log)
    async with running(committer):
        with pytest.raises(RuntimeError):
            await committer.submit(command(write("a", 0)))
        assert await committer.submit(command(write("a", 0))) == Appended("a", 1, 1)


@pytest.mark.parametrize("cancellations", [1, 2, 5])
async def test_shutdown_leaves_no_caller_without_a_verdict(cancellations: int) -> None:
    log = FaultyLog()
    log.open.clear()
    committer = Committer(log, limit=4, group=2)
    task = asyncio.create_task(committer.run())
    single = [asyncio.create_task(committer.submit(command(write(f"s{n}", 0)))) for n in range(4)]
    await asyncio.sleep(0)
    bulk = asyncio.create_task(committer.submit_many([command(write(f"b{n}", 0)) for n in range(9)]))
    await asyncio.sleep(0.01)
    for _ in range(cancellations):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await committer.submit(command(write("late", 0)))
    log.open.set()
    verdicts = [*await asyncio.wait_for(asyncio.gather(*single), 2), *await asyncio.wait_for(bulk, 2)]
    assert {type(verdict) for verdict in verdicts} == {Appended}
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 2)
    assert await log.head() == 13
    with pytest.raises(Overloaded):
        await committer.submit_many([command(write("late", 0))])


async def test_an_idle_committer_stops_at_once() -> None:
    committer = Committer(FaultyLog())
    async with asyncio.timeout(1):
        async with running(committer):
            await asyncio.sleep(0.01)
        with pytest.raises(Overloaded):
            await committer.submit(command(write("late", 0)))


async def test_who_went_away_while_waiting_is_not_recorded() -> None:
    log = FaultyLog()
    committer = Committer(log)
    gone = asyncio.create_task(committer.submit(command(write("gone", 0))))
    stays = asyncio.create_task(committer.submit(command(write("stays", 0))))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    async with running(committer):
        assert await stays == Appended("stays", 1, 1)
    assert await log.head() == 1


async def test_a_committer_that_is_started_again_takes_commands_again() -> None:
    committer = Committer(FaultyLog())
    for number in (1, 2):
        async with running(committer):
            await asyncio.sleep(0)
            assert await committer.submit(command(write(f"s{number}", 0))) == Appended(f"s{number}", 1, number)
        with pytest.raises(Overloaded):
            await committer.submit(command(write("s3", 0)))
