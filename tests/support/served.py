"""The embedded application behind a real port in this process, for commands that come over the network."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from typer.testing import CliRunner, Result

from deploy.local.server import free_port
from services.cli.main import app as cli
from services.embedded import create_app
from shared.runtime import Settings


class Served:
    """A running Guanxi: its application, and its commands."""

    def __init__(self, app: FastAPI, url: str) -> None:
        self.app = app
        self.url = url

    async def guanxi(self, *words: str) -> Result:
        """A command, in a thread: it runs a loop of its own."""
        return await asyncio.to_thread(CliRunner().invoke, cli, [*words], env={"GUANXI_URL": self.url})

    async def told(self, *words: str) -> Any:
        """What a command that succeeds tells as JSON."""
        result = await self.guanxi(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@asynccontextmanager
async def served(data: Path, **given: Any) -> AsyncIterator[Served]:
    """All services on a data folder, until the end of the block."""
    settings = Settings(data=data, metrics_port=0, port=free_port(), **given)
    app = create_app(settings)
    server = uvicorn.Server(uvicorn.Config(app, port=settings.port, log_config=None, access_log=False))
    running = asyncio.create_task(server.serve())
    while not server.started:
        assert not running.done(), "the services did not start"
        await asyncio.sleep(0.02)
    try:
        yield Served(app, f"http://127.0.0.1:{settings.port}")
    finally:
        server.should_exit = True
        await running
