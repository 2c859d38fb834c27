"""Where benchmarks run: a real broker and database, one installation of separate processes, and what drives them."""

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec

from deploy.local import Kafka, Postgres
from deploy.local.server import Server
from deploy.local.service import ROOT, environment, initialise
from shared.database import Database
from shared.migrations import migrate
from tests.support.installation import Installation
from tests.support.writing import Writer

USED = ("customer", "interaction", "scoring-api", "scoring-worker-0")


class Place:
    """What a benchmark is given. `scale` multiplies the number of events, `seconds` is how long load lasts."""

    def __init__(self, folder: Path, kafka: str, postgres: str, scale: float, seconds: float, ending: Any) -> None:
        self.folder = folder
        self.kafka = kafka
        self.postgres = postgres
        self.scale = scale
        self.seconds = seconds
        self._ending: AsyncExitStack = ending
        self._installation: Installed | None = None

    def sized(self, number: int) -> int:
        """That many events at this run's scale."""
        return max(100, round(number * self.scale))

    @asynccontextmanager
    async def database(self, *, migrated: bool = False) -> AsyncIterator[Database]:
        """An empty database, dropped afterwards."""
        name = f"bench_{uuid.uuid4().hex[:12]}"
        await self._administer(f"create database {name}")
        database = Database.open(f"{self.postgres.rpartition('/')[0]}/{name}")
        try:
            if migrated:
                await migrate(database)
            yield database
        finally:
            await database.close()
            await self._administer(f"drop database {name} with (force)")

    async def installed(self) -> "Installed":
        """The run's installation with its customers, started when it is first asked for."""
        if self._installation is None:
            self._installation = await _install(self)
            self._ending.push_async_callback(self._installation.end)
        return self._installation

    async def traffic(self, **job: Any) -> dict[str, Any]:
        """What the load generator says about a job, see `tests.bench.traffic`."""
        process = await self.generator(**job)
        return await self.said(process)

    async def generator(self, **job: Any) -> asyncio.subprocess.Process:
        """A started load generator."""
        file = self.folder / f"job-{uuid.uuid4().hex}"
        file.write_bytes(msgspec.msgpack.encode(job))
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.traffic", str(file), cwd=ROOT, stdout=subprocess.PIPE
        )

    async def said(self, process: asyncio.subprocess.Process) -> dict[str, Any]:
        """The generator's result; raises when it failed."""
        output, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError("the load generator failed")
        return msgspec.json.decode(output.splitlines()[-1])

    async def _administer(self, statement: str) -> None:
        connection = await asyncpg.connect(self.postgres)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


class Installed:
    """A running installation and a bank in it."""

    def __init__(self, installation: Installation, writer: Writer, token: str, system: str) -> None:
        self.installation = installation
        self.writer = writer
        self.token = token
        self.system = system

    def port(self, name: str) -> int:
        """Where the process of that name listens."""
        return self.installation.processes[name].port

    def database(self, service: str) -> str:
        """URL of a service's database."""
        return f"{self.installation.settings['GUANXI_LOG']}_{service}"

    async def end(self) -> None:
        """Stop the processes and drop the databases."""
        await self.installation.stop()
        await self.installation.drop()


class Bare(Server):
    """The framework alone, as `tests.bench.bare` serves it."""

    name = "bare"

    def __init__(self, folder: Path, database: str = "") -> None:
        super().__init__(folder)
        self._database = database

    def command(self) -> list[str]:
        words = [self._database] if self._database else []
        return [sys.executable, "-m", "tests.bench.bare", str(self.port), *words]

    def answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=1).status_code == 200
        except httpx.TransportError:
            return False

    def spawn(self, command: Any, output: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(command, stdout=output, stderr=output, cwd=ROOT, start_new_session=True)


@asynccontextmanager
async def place(folder: Path, scale: float, seconds: float, *, kafka: bool) -> AsyncIterator[Place]:
    """The servers of `GUANXI_TEST_POSTGRES` and `GUANXI_TEST_KAFKA`, or new ones for this run."""
    async with AsyncExitStack() as ending:
        postgres = os.environ.get("GUANXI_TEST_POSTGRES") or _started(ending, Postgres, folder).url
        broker = os.environ.get("GUANXI_TEST_KAFKA", "")
        if kafka and not broker:
            broker = _started(ending, Kafka, folder).bootstrap
        yield Place(folder, broker, postgres, scale, seconds, ending)


async def versions(place: Place) -> Mapping[str, Any]:
    """Of the servers."""
    connection = await asyncpg.connect(place.postgres)
    try:
        postgres = await connection.fetchval("show server_version")
    finally:
        await connection.close()
    return {"postgresql": postgres, "kafka": _kafka_version(), "load_average": [round(x, 2) for x in os.getloadavg()]}


def _kafka_version() -> str:
    pom = (ROOT / "deploy" / "kafka" / "pom.xml").read_text()
    return pom.partition("<kafka.version>")[2].partition("<")[0] or "see deploy/kafka/pom.xml"


def _started(ending: AsyncExitStack, kind: type[Server], folder: Path) -> Any:
    own = folder / kind.name
    own.mkdir()
    return ending.enter_context(kind(own))


async def _install(place: Place) -> Installed:
    name = f"bench_{uuid.uuid4().hex[:12]}"
    folder = place.folder / name
    folder.mkdir()
    settings = environment(folder, place.kafka, place.postgres, name)
    settings |= {"GUANXI_PARTITIONS": "24", "GUANXI_RATE_LIMIT": "1000000"}
    installation = Installation(folder, settings)
    await asyncio.to_thread(initialise, settings)
    await installation.start(USED)
    async with installation.api() as api:
        writer = Writer(api, name, place.sized(2_000))
        await writer.open()
        await writer.write(place.sized(10_000))
        await writer.drained()
        token = await api.token()
    return Installed(installation, writer, token, name)
