"""Replicas that die and do not come back: another one takes over within the lease or the session of the dead."""

import time
from pathlib import Path

import pytest

from deploy.local.service import Service
from services.cli.client import Api
from services.cli.connection import Connection
from support.installation import installed
from support.writing import Writer, clean

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow]

MOST = 30.0
"""Seconds: a lease or a session of 10, looking for it every 3, and a busy machine."""


async def test_a_standby_takes_over_from_a_leader_and_from_a_worker(
    kafka_bootstrap: str, postgres_server: str, tmp_path: Path
) -> None:
    async with installed(tmp_path, kafka_bootstrap, postgres_server) as installation:
        place = tmp_path / "standby"
        place.mkdir()
        with Service(place, "customer", installation.settings) as standby:
            scoring = installation.processes["scoring-api"].url
            async with Api(Connection({"customer": standby.url, "scoring": scoring}), attempts=1) as api:
                writer = Writer(api, "core", 30)
                await writer.open()
                await writer.write(300)
                await writer.drained()

                await installation.kill("customer")
                assert await _seconds(writer) < MOST

                await installation.kill(installation.workers[0])
                assert await _seconds(writer) < MOST
            await installation.start(["customer", installation.workers[0]])
        async with installation.api() as api:
            await clean(api)


async def _seconds(writer: Writer) -> float:
    """How long it takes until every customer's score holds what is written now."""
    began = time.monotonic()
    await writer.write(300)
    await writer.drained()
    return time.monotonic() - began
