"""Many writers and a reader that follows: nothing missed, nothing inverted, everything dense."""

import asyncio
import random

import pytest

from shared.envelope import Record
from shared.log import Appended, Conflict, EventLog
from support.logs import LogStore, command, write


async def _increments(log: EventLog, name: str, times: int, chance: random.Random) -> None:
    """Append to hot streams with optimistic concurrency, trying again after each conflict, with a key of its own."""
    for number in range(times):
        stream = f"s{chance.randrange(3)}"
        while True:
            (loaded,) = await log.load([stream])
            counted = command(write(stream, loaded.version), key=f"{name}-{number}")
            verdict, own = await log.append([counted, command(write(name, -1))])
            assert isinstance(own, Appended)
            if isinstance(verdict, Appended):
                break
            assert isinstance(verdict, Conflict)


def _dense(records: list[Record]) -> None:
    assert [record.position for record in records] == list(range(1, len(records) + 1))
    versions: dict[str, int] = {}
    for record in records:
        assert record.version == versions.get(record.stream, 0) + 1
        versions[record.stream] = record.version
    times = [record.recorded_at for record in records]
    assert times == sorted(times)


async def test_writers_with_retries_leave_dense_positions_and_versions(store: LogStore) -> None:
    chance = random.Random(7)
    logs = [await store.open() for _ in range(4)]
    await asyncio.gather(*(_increments(log, f"w{n}", 20, chance) for n, log in enumerate(logs)))
    records = await logs[0].read(0, 100_000)
    _dense(records)
    assert len([record for record in records if record.stream.startswith("s")]) == 4 * 20
    assert len(await logs[0].commands([f"w{n}-{m}" for n in range(4) for m in range(20)])) == 4 * 20


async def test_waiting_ends_when_another_replica_appends(store: LogStore) -> None:
    reader, writer = await store.open(), await store.open()
    clock = asyncio.get_running_loop().time
    started = clock()
    await reader.wait(0, 0.05)
    assert clock() - started >= 0.04
    waiter = asyncio.create_task(reader.wait(0, 10))
    await asyncio.sleep(0.05)
    assert not waiter.done()
    await writer.append([command(write("a", 0))])
    await asyncio.wait_for(waiter, 2)
    await asyncio.wait_for(reader.wait(0, 10), 1)


async def test_one_winner_for_each_version(store: LogStore) -> None:
    logs = [await store.open() for _ in range(4)]
    for version in range(10):
        verdicts = await asyncio.gather(*(log.append([command(write("a", version))]) for log in logs))
        outcomes = [verdict for (verdict,) in verdicts]
        assert len([verdict for verdict in outcomes if isinstance(verdict, Appended)]) == 1
        assert outcomes.count(Conflict("a", version + 1)) == len(logs) - 1


@pytest.mark.slow
async def test_a_tailing_reader_misses_nothing_and_sees_nothing_inverted(durable: LogStore) -> None:
    """16 replicas write with random pauses while a reader follows the positions."""
    chance = random.Random(11)
    loop = asyncio.get_running_loop()
    until = loop.time() + 4
    logs = [await durable.open() for _ in range(16)]
    reader = await durable.open()
    appended: list[int] = []
    tailed: list[Record] = []
    done = asyncio.Event()

    async def writing(log: EventLog) -> None:
        while loop.time() < until:
            streams = chance.sample([f"s{n}" for n in range(6)], 2)
            batch = [command(write(streams[0], -1), write(streams[1], -1)) for _ in range(chance.randint(1, 3))]
            await asyncio.sleep(chance.random() * 0.01)
            appended.extend(v.position for v in await log.append(batch) if isinstance(v, Appended))

    async def tailing() -> None:
        while not done.is_set() or (tailed[-1].position if tailed else 0) < await reader.head():
            after = tailed[-1].position if tailed else 0
            tailed.extend(await reader.read(after, chance.randint(1, 50)))
            await reader.wait(after, 0.01)

    tail = asyncio.create_task(tailing())
    await asyncio.gather(*(writing(log) for log in logs))
    done.set()
    await tail
    _dense(tailed)
    assert len(tailed) == 2 * len(appended) == await reader.head()
    assert len(set(appended)) == len(appended) > 100
