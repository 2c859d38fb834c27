"""Every benchmark that runs here: `python -m tests.bench [--only B3,B5] [--quick] [--save docs/benchmarks/DAY.json]`.

Each is a ratio against a limit that is measured in the same run, for machines are noisy; none is a test that fails.
"""

import argparse
import logging
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from deploy.local import StartFailed, Unavailable
from tests.bench.folds import live_evidence, live_fold
from tests.bench.imports import imports
from tests.bench.latency import latency
from tests.bench.places import Place, place, versions
from tests.bench.posts import bulk, posts
from tests.bench.reads import reads
from tests.bench.rebuild import rebuild
from tests.bench.results import Claim, document, machine, show
from tests.bench.streams import streams

PATHS: dict[str, Callable[[Place], Awaitable[list[Claim]]]] = {
    "B1": live_fold,
    "B1w": live_evidence,
    "B2": rebuild,
    "B3": posts,
    "B4": bulk,
    "B5": reads,
    "B6": latency,
    "B7": streams,
    "B9": imports,
}
WITHOUT_KAFKA = {"B2", "B9"}


def main() -> int:
    """Run, print the table, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", default=",".join(PATHS), help="paths, separated by commas")
    parser.add_argument("--quick", action="store_true", help="a tenth of the events, a second of load")
    parser.add_argument("--scale", type=float, default=1.0, help="times so many events")
    parser.add_argument("--save", type=Path, help="where to write the JSON, by default a temporary file")
    given = parser.parse_args()
    # Brokers elect leaders for new topics while the client already asks, which it tells a hundred times.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    names = given.only.split(",")
    if unknown := sorted(set(names) - PATHS.keys()):
        parser.error(f"no such path: {', '.join(unknown)}; there are {', '.join(PATHS)}")
    scale, seconds = (0.1 * given.scale, 1.5) if given.quick else (given.scale, 5.0)
    # Other users' servers must reach their data in it.
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o711)  # noqa: PTH101
        try:
            return uvloop.run(_measure(names, Path(folder), scale, seconds, given.save))
        except (Unavailable, StartFailed) as reason:
            sys.stderr.write(f"{reason}\n")
            return 1


async def _measure(names: list[str], folder: Path, scale: float, seconds: float, save: Path | None) -> int:
    claims: list[Claim] = []
    failed: dict[str, str] = {}
    took: dict[str, float] = {}
    async with place(folder, scale, seconds, kafka=not WITHOUT_KAFKA.issuperset(names)) as here:
        around = {"machine": machine() | dict(await versions(here)), "scale": scale}
        for name in names:
            sys.stderr.write(f"{name} …\n")
            started = time.perf_counter()
            load = round(os.getloadavg()[0], 2)
            try:
                found = await PATHS[name](here)
            except Exception as error:  # one path's failure must not lose the others' numbers
                failed[name] = f"{type(error).__name__}: {error}"
                sys.stderr.write(f"{name} failed: {failed[name]}\n")
                continue
            for claim in found:
                claim.notes = claim.notes | {"load_average_before": load}
            claims += found
            took[name] = round(time.perf_counter() - started, 1)
    show(claims)
    place_of = save or Path(tempfile.gettempdir()) / "guanxi-bench.json"
    place_of.parent.mkdir(parents=True, exist_ok=True)
    place_of.write_bytes(document(claims, around | {"seconds": took, "failed": failed}) + b"\n")
    sys.stdout.write(f"{place_of}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
