"""kill -9 while the bank writes: every accepted transaction is there once, and every row is what the logs give."""

import asyncio
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from services.cli.verify import Report
from support.embedded import Embedded
from support.installation import Installation, installed
from support.writing import Writer, clean

EVENTS = 100_000
CUSTOMERS = 500


async def killing(installation: Installation, names: Sequence[str], pause: Callable[[], float]) -> int:
    """Kill these one after the other at random moments, and start each again."""
    for name in names:
        await asyncio.sleep(pause())
        await installation.kill(name)
        await installation.start([name])
    return len(names)


def tell(report: Report, kills: int, seconds: float) -> None:
    """One line, shown by `pytest -s`."""
    sys.stdout.write(
        f"\nevents {report.events}, kills {kills}, lost {report.lost}, doubled {report.doubled}, "
        f"different {report.different}, parked {report.parked}, {seconds:.0f} s\n"
    )


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.slow
async def test_the_relay_and_the_workers_are_killed(kafka_bootstrap: str, postgres_server: str, tmp_path: Path) -> None:
    chance = random.Random(7)
    async with installed(tmp_path, kafka_bootstrap, postgres_server) as installation, installation.api() as api:
        began = time.monotonic()
        writer = Writer(api, "core", CUSTOMERS)
        await writer.open()
        victims = ["customer", *installation.workers] * 3
        faults = asyncio.create_task(killing(installation, victims, lambda: chance.uniform(0.5, 3)))
        await writer.write(EVENTS, lines=2_000)
        kills = await faults
        await writer.drained()
        assert all(installation.alive().values())
        report = await clean(api)
        await writer.check()
        tell(report, kills, time.monotonic() - began)


@pytest.mark.slow
async def test_the_embedded_process_is_killed(tmp_path: Path) -> None:
    chance = random.Random(11)
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
            report = await clean(api)
            await writer.check()
            tell(report, kills, time.monotonic() - began)
