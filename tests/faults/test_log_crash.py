"""A writer that is killed while it appends: what it was told is recorded, the rest is whole or absent."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from shared.log import Duplicate
from support.logs import LogStore, command, sqlite_url, write

ROOT = Path(__file__).resolve().parents[2]
WRITER = """
import asyncio, sys
from support.logs import LogStore, command, write

async def main():
    log = await LogStore("any", sys.argv[1]).open()
    number = 0
    while True:
        keys = [f"{sys.argv[2]}-{number + n}" for n in range(20)]
        await log.append([command(write(key, 0), write("hot", -1, 2), key=key, fingerprint="f") for key in keys])
        print(*keys, sep="\\n", flush=True)
        number += 20

asyncio.run(main())
"""


async def _killed_after(url: str, name: str, seconds: float) -> list[str]:
    """The keys that a writer had been told were recorded, when it was killed."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, url, name, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    )
    assert process.stdout is not None
    told = [(await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip()]
    await asyncio.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    told += (await process.stdout.read()).decode().split()
    await process.wait()
    return told


async def _survives(url: str) -> None:
    told = [key for turn in range(3) for key in await _killed_after(url, f"turn{turn}", 0.1 + turn * 0.13)]
    store = LogStore("any", url)
    log = await store.open()
    again = await log.append([command(write(key, 0), key=key, fingerprint="f") for key in told])
    assert {type(verdict) for verdict in again} == {Duplicate}
    records = await log.read(0, 1_000_000)
    assert [record.position for record in records] == list(range(1, len(records) + 1))
    hot = [record.version for record in records if record.stream == "hot"]
    assert hot == list(range(1, len(hot) + 1))
    own = [record.stream for record in records if record.stream != "hot"]
    assert len(own) == len(set(own)) >= len(told) > 60
    assert len(hot) == 2 * len(own)
    assert len(own) % 20 == 0
    assert len(await log.commands(own)) == len(own)
    await store.close()


async def test_a_killed_writer_of_sqlite(tmp_path: Path) -> None:
    await _survives(sqlite_url(tmp_path))


@pytest.mark.postgres
async def test_a_killed_writer_of_postgres(postgres_url: str) -> None:
    await _survives(postgres_url)
