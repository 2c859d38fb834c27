"""`guanxi verify` on an installation that was tampered with: each seeded fault is found, and none is invented."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from services.cli.verify import Report, verified
from shared.verification import LogCheck
from support.embedded import Embedded
from support.writing import Writer

Tamper = Callable[[Path], None]


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Embedded]:
    """Ten customers with an account each and a hundred transactions, folded and assessed."""
    process = Embedded(tmp_path)
    await asyncio.to_thread(process.start)
    try:
        async with process.api() as api:
            writer = Writer(api, "core", 10)
            await writer.open()
            await writer.write(100, lines=50)
            await writer.drained()
        yield process
    finally:
        await asyncio.to_thread(process.stop)


async def report_of(process: Embedded) -> Report:
    async with process.api() as api:
        return await verified(api)


def execute(database: Path, *statements: str) -> None:
    with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, statement


def table(database: Path, pattern: str) -> str:
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(
            "select name from sqlite_master where type = 'table' and name like ? escape '!'", (pattern,)
        ).fetchall()
    ((name,),) = found
    return name


def triggers(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [
            f'drop trigger "{name}"'
            for (name,) in connection.execute(
                "select name from sqlite_master where type = 'trigger' and tbl_name = 'events'"
            )
        ]


def lose_a_timeline_row(data: Path) -> None:
    database = data / "scoring.db"
    name = table(database, "evidence!_timeline")
    execute(database, f"delete from {name} where rowid = (select max(rowid) from {name})")


def change_a_row(data: Path) -> None:
    database = data / "scoring.db"
    name = table(database, "evidence!_v%!_rows")
    other = f"(select data from {name} where view = 'evidence' order by id limit 1)"
    last = f"(select max(id) from {name} where view = 'evidence')"
    execute(database, f"update {name} set data = {other} where view = 'evidence' and id = {last}")


def drop_a_row(data: Path) -> None:
    database = data / "customer.db"
    name = table(database, "customer!_v%!_rows")
    execute(database, f"delete from {name} where rowid = (select max(rowid) from {name})")


def invent_a_row(data: Path) -> None:
    database = data / "customer.db"
    name = table(database, "customer!_v%!_rows")
    with closing(sqlite3.connect(database)) as connection:
        columns: list[str] = [row[1] for row in connection.execute(f"pragma table_info({name})")]
    chosen = ", ".join("id || 'x'" if column == "id" else column for column in columns)
    execute(database, f"insert into {name} select {chosen} from {name} limit 1")


def lose_an_event(data: Path) -> None:
    database = data / "customer.db"
    execute(database, *triggers(database), "delete from events where position = 15")


def double_an_event(data: Path) -> None:
    """The same transaction once more under a position of its own."""
    database = data / "customer.db"
    with closing(sqlite3.connect(database)) as connection:
        columns: list[str] = [row[1] for row in connection.execute("pragma table_info(events)")]
    changed = {"position": "position + 1", "stream": "stream || 'x'"}
    chosen = ", ".join(changed.get(column) or column for column in columns)
    execute(
        database,
        f"insert into events ({', '.join(columns)}) select {chosen} from events order by position desc limit 1",
    )


async def test_an_untouched_installation_is_clean(running: Embedded) -> None:
    report = await report_of(running)
    assert report.clean
    assert report.events > 100
    assert report.faults == []
    assert (report.lost, report.doubled, report.different, report.parked) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (lose_a_timeline_row, {"lost": 1}),
        (change_a_row, {"different": 1}),
        (drop_a_row, {"different": 1}),
        (invent_a_row, {"different": 1}),
        (double_an_event, {"doubled": 1}),
    ],
)
async def test_a_seeded_fault_is_found(running: Embedded, tamper: Tamper, found: dict[str, int]) -> None:
    tamper(running.folder / "data")
    report = await report_of(running)
    assert not report.clean
    assert {name: getattr(report, name) for name in found} == found
    others = {"lost", "doubled", "different"} - found.keys()
    assert {name: getattr(report, name) for name in others} == dict.fromkeys(others, 0)


async def test_an_event_that_vanished_is_found(running: Embedded) -> None:
    lose_an_event(running.folder / "data")
    report = await report_of(running)
    assert report.lost == 1
    assert report.different >= 1, "what was folded from it is no longer what the logs give"


def test_positions_are_dense_and_each_is_there_once() -> None:
    def checked(*lines: tuple[int, str, tuple[str, str] | None]) -> tuple[int, int, int]:
        check = LogCheck()
        for line in lines:
            check.take(*line)
        return check.events, check.lost, check.doubled

    one, two = ("core", "1"), ("core", "2")
    assert checked() == (0, 0, 0)
    assert checked((1, "a", one), (2, "a", two), (3, "b", one), (4, "a", None), (5, "a", None)) == (5, 0, 0)
    assert checked((1, "a", None), (4, "a", None)) == (2, 2, 0)
    assert checked((3, "a", None)) == (1, 2, 0)
    assert checked((1, "a", None), (1, "a", None), (2, "a", None)) == (3, 0, 1)
    assert checked((1, "a", one), (2, "a", one)) == (2, 0, 1)
