"""The broker and the database go away in the middle of the work, and nobody helps when they come back."""

import asyncio
from pathlib import Path

import pytest

from deploy.local import Kafka, Postgres
from deploy.local.server import Server
from support.installation import installed
from support.writing import Writer, clean

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow]

AWAY = 12.0
"""Longer than a lease, a session and the restarts that a defect would get."""


async def _away(server: Server, seconds: float) -> None:
    await asyncio.to_thread(server.kill)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(server.start)


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
        await broker
        await writer.drained()

        database = asyncio.create_task(_away(own_postgres, AWAY))
        await writer.write(4_000)
        await database
        await writer.drained()

        own_postgres.stop()
        own_postgres.start()
        await writer.write(1_000)
        await writer.drained()

        assert all(installation.alive().values())
        await clean(api)
        await writer.check()
