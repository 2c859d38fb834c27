"""B9: a whole bank through the public API of one embedded process."""

import asyncio
import os
import subprocess
import time
from pathlib import Path

import msgspec

from deploy.local.service import GUANXI, ROOT
from services.cli.guide import caught_up
from tests.bench.places import Place
from tests.bench.results import Claim
from tests.support.embedded import Embedded

BERKA = ROOT.parent / "shared" / "data" / "berka"


async def imports(place: Place) -> list[Claim]:
    """The Czech bank where its files are at hand, else the demo bank."""
    folder = place.folder / "embedded"
    folder.mkdir()
    real = (BERKA / "trans.asc").exists()
    words = ("import", "berka", str(BERKA), "--json") if real else ("demo", "--json")
    with Embedded(folder) as embedded:
        started = time.perf_counter()
        said = await asyncio.to_thread(_run, words, embedded.url)
        seconds = time.perf_counter() - started
        async with embedded.api() as api:
            await caught_up(api)
        scored = time.perf_counter() - started
    accepted = sum(stage["accepted"] for stage in said["stages"])
    if said["rejected"]:
        raise RuntimeError(f"{said['rejected']} lines were rejected")
    return [
        Claim(
            path="B9",
            what="import of the Berka bank, embedded" if real else "import of the demo bank, embedded",
            ours=seconds,
            unit="s",
            better="less",
            floor=60.0 if real else None,
            aim=10.0 if real else None,
            size=f"{accepted:,} things accepted",
            notes={"all_scored_after_s": round(scored, 1)},
        )
    ]


def _run(words: tuple[str, ...], url: str) -> dict:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GUANXI_URL": url}
    done = subprocess.run([*GUANXI, *words], check=True, capture_output=True, env=environment, cwd=Path(ROOT))
    return msgspec.json.decode(done.stdout)
