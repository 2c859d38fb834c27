"""kill -9 while the bank writes: every accepted transaction is there once, and every row is what the logs give."""

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from services.cli.verify import Report
from support.embedded import Embedded
from support.installation import Installation, defects, installed
from support.writing import Writer, clean

EVENTS = 100_000
CUSTOMERS = 500


async def killing(installation: Installation, writer: Writer, victims: Sequence[str], chance: Random) -> int:
    """Kill these one after the other, each somewhere in its share of the writing, and start it again."""
    for number, name in enumerate(victims):
        moment = EVENTS * (number + chance.random()) / len(victims)
        while len(writer.accepted) < moment:
            await asyncio.sleep(0.02)
        await asyncio.sleep(chance.uniform(0, 0.3))
        await installation.kill(name)
        await installation.start([name])
    return len(victims)


def tell(report: Report, kills: int, seconds: float) -> None:
    """One line, shown by `pytest -s`."""
    sys.stdout.write(
        f"\nevents {report.events}, kills {kills}, lost {report.lost}, doubled {report.doubled}, "
        f"different {report.different}, parked {report.parked}, {seconds:.0f} s\n"
    )


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.slow
async def test_every_process_of_the_real_stack_is_killed(
    kafka_bootstrap: str, postgres_server: str, tmp_path: Path
) -> None:
    chance = Random(7)
    async with installed(tmp_path, kafka_bootstrap, postgres_server) as installation, installation.api() as api:
        began = time.monotonic()
        writer = Writer(api, "core", CUSTOMERS)
        await writer.open()
        victims = [*["customer", *installation.workers] * 3, "interaction", "complaint", "scoring-api"]
        chance.shuffle(victims)
        async with asyncio.TaskGroup() as together:
            faults = together.create_task(killing(installation, writer, victims, chance))
            together.create_task(writer.write(EVENTS, lines=2_000))
        await writer.drained()
        assert all(installation.alive().values())
        assert not (found := installation.defects()), "\n".join(found)
        report = await clean(api)
        await writer.check()
        tell(report, faults.result(), time.monotonic() - began)


@pytest.mark.slow
async def test_the_embedded_process_is_killed(tmp_path: Path) -> None:
    chance = Random(11)
    process = Embedded(tmp_path)
    with process:
        async with process.api() as api:
            began = time.monotonic()
            writer = Writer(api, "core", 50)
            await writer.open()
            writing = asyncio.create_task(writer.write(10_000))
            kills = 0
            while kills < 4 and not writing.done():
                await asyncio.sleep(chance.uniform(0.2, 1.5))
                await asyncio.to_thread(process.kill)
                await asyncio.to_thread(process.start)
                kills += 1
            await writing
            await writer.drained()
            assert not (found := defects(process)), "\n".join(found)
            report = await clean(api)
            await writer.check()
            tell(report, kills, time.monotonic() - began)
