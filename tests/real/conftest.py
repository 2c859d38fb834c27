"""All services in a process of their own on SQLite, as `guanxi up` runs them."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.cli.client import Api
from services.cli.connection import connect
from services.cli.errors import CliError

REPOSITORY = Path(__file__).parents[2]
DATA = REPOSITORY.parent / "shared" / "data"
SERVE = (
    "from services.embedded import create_app; from shared.runtime import Settings, serve; "
    "settings = Settings(); serve(create_app(settings), settings, quiet=True)"
)


@pytest.fixture
def berka() -> Path:
    """The bank's directory, where it is at hand."""
    directory = DATA / "berka"
    if not (directory / "trans.asc").exists():
        pytest.skip("the Berka data is not at ../shared/data/berka")
    return directory


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[Api]:
    """A client of a fresh Guanxi; its process ends with the test."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = {"GUANXI_DATA": str(tmp_path), "GUANXI_PORT": str(port), "GUANXI_METRICS_PORT": "0"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GUANXI_")}
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVE, env={**kept, **given}, cwd=REPOSITORY)
    try:
        async with Api(connect(f"http://127.0.0.1:{port}", None)) as session:
            await _ready(session, process)
            yield session
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 30)


async def _ready(session: Api, process: asyncio.subprocess.Process) -> None:
    for _ in range(300):
        assert process.returncode is None, "the services ended by themselves"
        try:
            if (await session.ready("customer"))[0]:
                return
        except CliError:
            pass
        await asyncio.sleep(0.2)
    raise AssertionError("the services did not become ready")
