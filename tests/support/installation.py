"""A whole Guanxi in separate processes, exactly as deployed, with databases and topics of its own."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg

from deploy.local.service import DATABASES, Service, environment, initialise
from services.cli.client import Api
from services.cli.connection import Connection

PARTITIONS = 6
PROCESSES = (
    ("customer",),
    ("interaction",),
    ("complaint",),
    ("scoring", "api"),
    ("scoring", "worker"),
    ("scoring", "worker"),
)

_DEFECT = re.compile(r"\[(error|critical) *\].*\[(guanxi|shared|services|asyncio)[.\w]*\]$")


class Installation:
    """The processes by name: `customer`, `interaction`, `complaint`, `scoring-api`, `scoring-worker-0` and `-1`."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.settings = settings
        self.processes: dict[str, Service] = {}
        for number, words in enumerate(PROCESSES):
            name = "-".join(words) if words[-1] != "worker" else f"scoring-worker-{number - PROCESSES.index(words)}"
            place = folder / name
            place.mkdir()
            self.processes[name] = Service(place, words[0], settings, *words[1:])

    @property
    def name(self) -> str:
        """What sets its databases and topics apart."""
        return self.settings["GUANXI_TOPIC_PREFIX"]

    @property
    def workers(self) -> tuple[str, ...]:
        """The scoring workers' names."""
        return tuple(name for name in self.processes if "worker" in name)

    def api(self) -> Api:
        """A client with every right, which leaves retrying to the test."""
        urls = {name.partition("-")[0]: each.url for name, each in self.processes.items() if "worker" not in name}
        return Api(Connection(urls), attempts=1)

    async def start(self, names: Sequence[str] = ()) -> None:
        """Start these, by default all that do not run, side by side."""
        chosen = [self.processes[name] for name in names] or list(self.processes.values())
        await asyncio.gather(*(asyncio.to_thread(each.start) for each in chosen))

    async def kill(self, name: str) -> None:
        """SIGKILL: nothing is flushed, nothing is given back."""
        await asyncio.to_thread(self.processes[name].kill)

    async def stop(self) -> None:
        """Stop what still runs, side by side."""
        await asyncio.gather(*(asyncio.to_thread(each.stop) for each in self.processes.values()))

    def alive(self) -> dict[str, bool]:
        """Whether each process still runs."""
        return {name: each.alive for name, each in self.processes.items()}

    def defects(self) -> list[str]:
        """What any of its processes logged as an error of its own."""
        return [line for each in self.processes.values() for line in defects(each)]

    async def drop(self) -> None:
        """Remove its databases."""
        server, _, name = self.settings["GUANXI_LOG"].rpartition("/")
        admin = await asyncpg.connect(f"{server}/postgres")
        try:
            for service in DATABASES:
                await admin.execute(f"drop database if exists {name}_{service} with (force)")
        finally:
            await admin.close()


def defects(process: Service) -> list[str]:
    """What the process logged as errors of its own, traces included, so that a rare one can be understood.

    Outages are warnings, and what libraries say is theirs.
    """
    entries = re.split(r"\n(?=\d{4}-\d\d-\d\dT)", process.log.read_text(errors="replace"))
    return [entry for entry in entries if _DEFECT.search(entry.partition("\n")[0])]


@asynccontextmanager
async def installed(folder: Path, bootstrap: str, postgres: str) -> AsyncIterator[Installation]:
    """A running installation on these servers; stopped and removed at the end."""
    settings = environment(folder, bootstrap, postgres, f"test_{uuid.uuid4().hex[:12]}")
    settings["GUANXI_PARTITIONS"] = str(PARTITIONS)
    installation = Installation(folder, settings)
    async with AsyncExitStack() as ending:
        ending.push_async_callback(installation.drop)
        await asyncio.to_thread(initialise, settings)
        ending.push_async_callback(installation.stop)
        await installation.start()
        yield installation
