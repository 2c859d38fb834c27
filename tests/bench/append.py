"""Measures appends through the committer: `python tests/bench/append.py URL [seconds] [callers]`.

The URL is of an empty database (`sqlite:///file.db` or `postgresql://…`); it is filled. Prints one line of JSON.
"""

import asyncio
import json
import statistics
import sys
import time
from datetime import UTC, datetime

from shared.committer import Committer
from shared.database import Database
from shared.envelope import NewEvent
from shared.log import Append, Write
from shared.log_open import open_log
from shared.migrations import migrate

DATA = json.dumps({"text": "x" * 400}).encode()


async def measure(url: str, seconds: float, callers: int) -> dict[str, float]:
    """Commands per second and latencies in milliseconds, each command one event on a stream of its own."""
    database = Database.open(url)
    await migrate(database)
    log = open_log("bench", database)
    committer = Committer(log)
    running = asyncio.create_task(committer.run())
    start = await log.head()
    until = time.perf_counter() + seconds
    latencies: list[float] = []

    async def call(name: str) -> None:
        number = 0
        while time.perf_counter() < until:
            number += 1
            event = NewEvent(name, "bench.done", 1, DATA, datetime.now(UTC))
            began = time.perf_counter()
            stream = f"{start}-{name}-{number}"
            await committer.submit(Append((Write(stream, 0, (event,)),), key=stream, fingerprint="f"))
            latencies.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(call(str(caller)) for caller in range(callers)))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    recorded = await log.head() - start
    await log.close()
    await database.close()
    cuts = statistics.quantiles(latencies, n=100)
    return {
        "callers": callers,
        "commands": len(latencies),
        "recorded": recorded,
        "per_second": round(recorded / seconds),
        "p50_ms": round(cuts[49], 1),
        "p99_ms": round(cuts[98], 1),
    }


if __name__ == "__main__":
    numbers = [float(argument) for argument in sys.argv[2:4]] + [3.0, 64.0][len(sys.argv) - 2 :]
    result = asyncio.run(measure(sys.argv[1], numbers[0], int(numbers[1])))
    sys.stdout.write(json.dumps(result) + "\n")
