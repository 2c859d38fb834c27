"""B7: subscribers of live changes on one process: what each costs, and whether any message is lost."""

import asyncio
import contextlib
from datetime import UTC, date, datetime
from pathlib import Path

from services.scoring import contract
from shared.codec import Codec
from shared.database import Database
from shared.log import Append, Expected, Write
from shared.log_open import open_log
from tests.bench.client import request
from tests.bench.events import HEAD
from tests.bench.places import Installed, Place
from tests.bench.results import Claim

MESSAGES = 50
PER_SECOND = 10
PATIENCE = 120.0
CODEC = Codec([contract])


async def streams(place: Place) -> list[Claim]:
    """Published changes go through the real log to every subscriber."""
    found = await place.installed()
    subscribers = min(3_000, place.sized(3_000))
    process = found.installation.processes["scoring-api"].pid
    before = _resident(process)
    listening = await place.generator(
        kind="listen",
        port=found.port("scoring-api"),
        request=request("GET", "/v1/relationships/stream", found.token),
        subscribers=subscribers,
        messages=MESSAGES,
        patience=PATIENCE,
    )
    assert listening.stdout is not None
    await listening.stdout.readuntil(b"ready\n")
    idle = _resident(process)
    watch = asyncio.create_task(_peak(process))
    await _publish(found)
    said = await place.said(listening)
    watch.cancel()
    peak = 0
    with contextlib.suppress(asyncio.CancelledError):
        peak = await watch
    size = f"{subscribers:,} subscribers, {MESSAGES} messages each, one process"
    peak = max(peak, idle, _resident(process))
    notes = {
        "client_cpu": said["client_cpu"],
        "closed_early": said["closed_early"],
        "delivered_per_second": round(said["received"] / said["seconds"]),
        "idle_kib": round((idle - before) / subscribers),
    }
    return [
        Claim(
            path="B7",
            what="server-sent events missed",
            ours=said["missed"],
            unit="messages",
            better="less",
            floor=0,
            size=size,
            notes=notes,
        ),
        Claim(
            path="B7",
            what="memory for each subscriber, at most",
            ours=(peak - before) / subscribers,
            unit="KiB",
            better="less",
            floor=64,
            size=size,
        ),
    ]


async def _publish(found: Installed) -> None:
    """Changes at a steady rate, on the log that the broadcast follows."""
    database = Database.open(found.database("scoring"))
    log = open_log(contract.LOG, database)
    try:
        for number in range(MESSAGES):
            key = f"cus_{number:032x}"
            told = contract.RelationshipAssessed(
                key, HEAD, date(2026, 3, 2), 500_000, "occasional", 600_000, 600_000, {"breadth": 1}, "bench"
            )
            event = CODEC.encode(key, told, datetime.now(UTC))
            await log.append([Append((Write(f"bench-{key}", Expected.ANY, (event,)),))])
            await asyncio.sleep(1 / PER_SECOND)
    finally:
        await log.close()
        await database.close()


async def _peak(process: int) -> int:
    highest = 0
    try:
        while True:
            highest = max(highest, _resident(process))
            await asyncio.sleep(0.1)
    except asyncio.CancelledError:
        return highest


def _resident(process: int) -> int:
    """KiB of memory that the process holds."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])
