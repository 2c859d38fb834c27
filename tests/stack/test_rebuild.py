"""A new version of a projection is built while the old one lives, and a worker of it goes on from there."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.local.service import GUANXI, ROOT, Service
from services.cli.client import Api
from support.installation import Installation, installed
from support.writing import Writer, clean

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow]
EVENTS = 8_000
ZONE = "Europe/Prague"
"""Another time zone puts events on other days: another fold, hence another version of the evidence."""


async def guanxi(installation: Installation, *words: str, **given: str) -> tuple[int, str, Any]:
    """The command in a process of its own: exit code, what it complained of, its JSON."""
    urls = ",".join(
        f"{name.partition('-')[0]}={each.url}" for name, each in installation.processes.items() if "worker" not in name
    )
    environment = {**installation.settings, "GUANXI_URL": urls, **given}
    done = await asyncio.to_thread(
        subprocess.run, [*GUANXI, *words], check=False, capture_output=True, text=True, env=environment, cwd=ROOT
    )
    return done.returncode, done.stderr, json.loads(done.stdout) if done.stdout.strip() else None


async def restarted(installation: Installation, folder: Path) -> None:
    """Scoring, all of it, in the new time zone."""
    for name in [each for each in installation.processes if each.startswith("scoring")]:
        await asyncio.to_thread(installation.processes[name].stop)
        place = folder / f"{name}-anew"
        place.mkdir()
        settings = {**installation.settings, "GUANXI_TIMEZONE": ZONE}
        installation.processes[name] = Service(place, "scoring", settings, name.split("-")[1])
    await installation.start([each for each in installation.processes if each.startswith("scoring")])


async def test_a_version_is_built_while_events_keep_coming(
    kafka_bootstrap: str, postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with installed(tmp_path, kafka_bootstrap, postgres_server) as installation:
        async with installation.api() as api:
            writer = Writer(api, "core", 60)
            await writer.open()
            await writer.write(EVENTS // 2)
            writing = asyncio.create_task(writer.write(EVENTS // 2))
            code, complaint, done = await guanxi(installation, "rebuild", "evidence", "--json", GUANXI_TIMEZONE=ZONE)
            assert code == 0, complaint
            assert done[0]["version"] != done[0]["was"]
            assert done[0]["events"] >= EVENTS // 2
            again, complaint, _ = await guanxi(installation, "rebuild", "evidence", GUANXI_TIMEZONE=ZONE)
            assert (again, "is live already" in complaint) == (1, True)
            await writing

        monkeypatch.setenv("GUANXI_TIMEZONE", ZONE)
        await restarted(installation, tmp_path)
        async with installation.api() as api:
            await writer_of(api, writer).drained()
            await clean(api)
            await _examined(installation)
            await _folded_again(installation, api)


def writer_of(api: Api, writer: Writer) -> Writer:
    """The same ledger at another address."""
    again = Writer(api, "core", 0)
    again.accepted, again.latest = writer.accepted, writer.latest
    return again


async def _examined(installation: Installation) -> None:
    """The doctor has numbers for everything, and finds what is wrong."""
    code, complaint, found = await guanxi(installation, "doctor", "--json", GUANXI_TIMEZONE=ZONE)
    assert code == 0, (complaint, found)
    assert found["broker"] == {"reachable": True, "topics": "ok"}
    assert found["logs"]["customer"]["unpublished"] == 0
    assert found["services"]["scoring"]["lag"] == {"evidence": 0}
    assert found["services"]["complaint"]["lag"]["complaint_directory"] == 0
    nowhere = {"GUANXI_TIMEZONE": ZONE, "GUANXI_TOPIC_PREFIX": "nobody"}
    code, _, found = await guanxi(installation, "doctor", "--json", **nowhere)
    assert code == 1
    assert any(each.startswith("topics: missing topics") for each in found["wrong"])


async def _folded_again(installation: Installation, api: Api) -> None:
    """The live version again: refused while its workers run; and afterwards nothing has changed."""
    code, complaint, _ = await guanxi(installation, "rebuild", "evidence", "--anew", GUANXI_TIMEZONE=ZONE)
    assert code == 1, complaint
    assert "stop them first" in complaint
    for name in installation.workers:
        await asyncio.to_thread(installation.processes[name].stop)
    code, complaint, done = await guanxi(
        installation, "rebuild", "evidence", "complaint_directory", "--anew", "--json", GUANXI_TIMEZONE=ZONE
    )
    assert code == 1, done
    assert "complaint_directory: stop them first" in complaint
    await installation.start(installation.workers)
    await clean(api)
