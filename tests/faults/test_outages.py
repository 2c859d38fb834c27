"""The broker and the database go away in the middle of the work, and nobody helps when they come back."""

import asyncio
from pathlib import Path

import pytest

from deploy.local import Kafka, Postgres
from deploy.local.server import Server
from services.cli.client import Api
from support.installation import installed
from support.writing import Writer, clean, patiently

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow]

AWAY = 12.0
"""Longer than a lease, a session and the restarts that a defect would get."""

FROZEN = 30.0


async def _away(server: Server, seconds: float) -> None:
    await asyncio.to_thread(server.kill)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(server.start)


async def _says(api: Api, check: str, *, ready: bool) -> None:
    """Wait until /readyz says this of what it checks."""
    for _ in patiently(30):
        whole, document = await api.ready(check.partition(".")[0])
        if (document["checks"][check] == "ok") == ready:
            assert ready or not whole
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{check} does not become {'ready' if ready else 'unready'}")


async def test_services_outlive_broker_and_database(own_kafka: Kafka, own_postgres: Postgres, tmp_path: Path) -> None:
    async with (
        installed(tmp_path, own_kafka.bootstrap, own_postgres.url) as installation,
        installation.api() as api,
    ):
        writer = Writer(api, "core", 40)
        await writer.open()
        await writer.write(2_000)

        broker = asyncio.create_task(_away(own_kafka, AWAY))
        await asyncio.sleep(1)
        # Without the broker the bank goes on writing: what is accepted waits in the log.
        await asyncio.wait_for(writer.write(2_000), AWAY)
        assert not broker.done()
        await _says(api, "customer.broker", ready=False)
        await broker
        await writer.drained()
        await _says(api, "customer.broker", ready=True)

        database = asyncio.create_task(_away(own_postgres, AWAY))
        await _says(api, "customer.database", ready=False)
        await writer.write(4_000)
        await database
        await writer.drained()

        own_postgres.stop()
        own_postgres.start()
        await writer.write(1_000)
        await writer.drained()

        # Frozen: connections stay open and nothing answers, as in a network that has stopped.
        own_kafka.pause()
        own_postgres.pause()
        writing = asyncio.create_task(writer.write(1_000))
        await asyncio.sleep(FROZEN)
        own_postgres.resume()
        own_kafka.resume()
        await writing
        await writer.drained()

        assert all(installation.alive().values())
        assert not (found := installation.defects()), "\n".join(found)
        await clean(api)
        await writer.check()
