"""`guanxi rebuild` on SQLite: what was lost from the tables comes back from the logs, byte for byte."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from services.cli.client import Api
from services.cli.connection import connect
from services.cli.main import app as cli
from services.cli.projections import Kept, projections
from support.hosted import Hosted
from support.scored import account, ago, complain, meet, pay, relationship, whole, whole_bank
from support.writing import clean

NAMES = [each.projection.name for each in projections()]


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A data folder with a small bank in it, and nothing that runs."""
    async with whole_bank(tmp_path) as bank:
        opened = await account(bank, bank.customer, ago(600))
        paid = [await pay(bank, opened["id"], ago(day)) for day in range(30, 300, 30)]
        await meet(bank, bank.customer, f"{ago(20)}T10:00:00Z")
        complaint = await complain(bank, bank.customer, f"{ago(10)}T10:00:00Z")
        await relationship(bank, bank.customer, paid[-1], complaint)
    return tmp_path


async def guanxi(data: Path, *words: str) -> Result:
    """The command on this data folder, in a thread: it runs a loop of its own."""
    given = {"GUANXI_DATA": str(data), "GUANXI_METRICS_PORT": "0"}
    return await asyncio.to_thread(CliRunner().invoke, cli, [*words], env=given)


@asynccontextmanager
async def calling(hosted: Hosted) -> AsyncIterator[Api]:
    async with Api(connect("http://127.0.0.1", None), transport=httpx.ASGITransport(hosted.app)) as api:
        yield api


def held(data: Path, kept: Kept) -> list[tuple[Any, ...]]:
    name = kept.projection.name
    with sqlite3.connect(data / f"{kept.service}.db") as database:
        query = (
            f"select view, id, data, owner, institution, rank from {name}_v{kept.projection.version}_rows order by 1, 2"
        )
        return database.execute(query).fetchall()


def lose(data: Path, kept: Kept) -> None:
    """What a wrong statement by hand would do: some rows gone, others damaged."""
    table = f"{kept.projection.name}_v{kept.projection.version}_rows"
    with sqlite3.connect(data / f"{kept.service}.db") as database:
        first, last = database.execute(f"select min(id), max(id) from {table}").fetchone()
        database.execute(f"delete from {table} where id = ?", (first,))
        database.execute(f"update {table} set data = x'00' where id = ?", (last,))


async def test_lost_rows_come_back_byte_for_byte(data: Path) -> None:
    before = {each.projection.name: held(data, each) for each in projections()}
    assert all(before.values())
    for each in projections():
        lose(data, each)

    result = await guanxi(data, "rebuild", "--anew", "--json")

    assert result.exit_code == 0, result.output
    done = json.loads(result.stdout)
    assert [each["projection"] for each in done] == NAMES
    assert all(each["events"] > 0 and each["different"] == each["parked"] == 0 for each in done)
    assert {each.projection.name: held(data, each) for each in projections()} == before
    async with whole(data) as hosted, calling(hosted) as api:
        await clean(api)
        found = await api.get("scoring", "/v1/relationships")
        assert len(found["items"]) == 4


async def test_a_live_version_is_not_folded_again_by_mistake(data: Path) -> None:
    named = await guanxi(data, "rebuild", "evidence")
    everything = await guanxi(data, "rebuild")

    assert named.exit_code == 1
    assert "is live already: --anew folds it from the start" in named.output
    assert everything.exit_code == 0
    assert "nothing was to be done" in everything.output


async def test_a_running_guanxi_is_left_alone(data: Path) -> None:
    async with whole(data):
        result = await guanxi(data, "rebuild", "--anew")

    assert result.exit_code == 1
    assert "stop it, then rebuild" in result.output


async def test_what_does_not_exist_is_said_in_one_line(data: Path, tmp_path: Path) -> None:
    unknown = await guanxi(data, "rebuild", "nothing")
    nowhere = await guanxi(tmp_path / "nowhere", "rebuild", "evidence")

    assert (unknown.exit_code, nowhere.exit_code) == (1, 1)
    assert "there is no projection of this name" in unknown.output
    assert "GUANXI_DATA names another" in nowhere.output
    assert "Traceback" not in unknown.output + nowhere.output


async def test_another_version_is_built_beside_the_live_one(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUANXI_TIMEZONE", "Europe/Prague")
    result = await guanxi(data, "rebuild", "evidence", "--json")

    assert result.exit_code == 0, result.output
    (done,) = json.loads(result.stdout)
    assert done["was"] != done["version"]
    async with whole(data, timezone="Europe/Prague") as hosted, calling(hosted) as api:
        await clean(api)
