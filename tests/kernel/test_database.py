"""The way into a store: transactions, writers of one file, broken connections, and what counts as unavailable."""

import asyncio
import sqlite3
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from shared.database import Database, unavailable
from support.logs import sqlite_url


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "sqlite:///"])
def test_other_stores_are_refused(url: str) -> None:
    with pytest.raises((ValueError, SQLAlchemyError)):
        Database.open(url)


async def test_sqlite_is_set_up_for_durability(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/folder/of/its/own/x.db")
    async with database.read() as connection:
        found = [
            (await connection.execute(text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert found == ["wal", 2, 1, 5000]
    await database.close()


async def _increments(url: str) -> None:
    """Read, pause, write from several instances at once: nothing is lost, nobody meets a locked database."""
    databases = [Database.open(url, pool=2) for _ in range(3)]
    async with databases[0].write() as connection:
        await connection.execute(text("CREATE TABLE counter (n integer NOT NULL)"))
        await connection.execute(text("INSERT INTO counter VALUES (0)"))

    async def increment(database: Database) -> None:
        async with database.write() as connection:
            lock = " FOR UPDATE" if database.dialect == "postgresql" else ""
            number = (await connection.execute(text(f"SELECT n FROM counter{lock}"))).scalar_one()
            await asyncio.sleep(0.001)
            await connection.execute(text("UPDATE counter SET n = :n"), {"n": number + 1})

    await asyncio.gather(*(increment(databases[n % 3]) for n in range(30)))
    with pytest.raises(KeyError):
        await _reset_and_fail(databases[1])
    async with databases[2].read() as connection:
        assert (await connection.execute(text("SELECT n FROM counter"))).scalar() == 30
    for database in databases:
        await database.close()


async def _reset_and_fail(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("UPDATE counter SET n = 0"))
        raise KeyError


async def test_writers_of_one_file_take_turns(tmp_path: Path) -> None:
    await _increments(sqlite_url(tmp_path))


@pytest.mark.postgres
async def test_writers_of_one_server_take_turns(postgres_url: str) -> None:
    await _increments(postgres_url)


async def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    database = Database.open(sqlite_url(tmp_path))
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE t (n integer)"))
    async with database.write() as writer:
        await writer.execute(text("INSERT INTO t VALUES (1)"))
        async with asyncio.timeout(1), database.read() as reader:
            assert (await reader.execute(text("SELECT count(*) FROM t"))).scalar() == 0
    await database.close()


async def _begin_and_fail(database: Database) -> None:
    async with database.raw() as connection:
        await connection.execute("BEGIN")
        raise KeyError


@pytest.mark.postgres
async def test_a_broken_connection_never_comes_back(postgres_url: str) -> None:
    database = Database.open(postgres_url, pool=1)
    with pytest.raises(KeyError):
        await _begin_and_fail(database)
    async with database.raw() as connection:
        assert not connection.is_in_transaction()
        before = await connection.fetchval("SELECT pg_backend_pid()")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1), database.raw() as connection:
            await connection.fetchval("SELECT pg_sleep(5)")
    admin = await database.dedicated()
    await admin.execute("SELECT pg_terminate_backend($1)", before)
    await admin.close()
    async with database.raw() as connection:
        assert await connection.fetchval("SELECT pg_backend_pid()") != before
    async with database.raw() as connection:
        assert await connection.fetchval("SHOW lock_timeout") == "5s"
    await database.close()


@pytest.mark.postgres
async def test_a_pool_that_cannot_connect_is_unavailable_on_the_hot_path_too(postgres_url: str) -> None:
    for url in (postgres_url + "_absent", "postgresql://nobody@127.0.0.1:1/none"):
        database = Database.open(url, pool=1)
        with pytest.raises(Exception) as refused:  # noqa: PT011 - which one is the driver's business
            async with database.raw():
                raise AssertionError
        assert unavailable(refused.value)
        await database.close()


@pytest.mark.postgres
async def test_what_the_server_says_is_told_apart(postgres_url: str) -> None:
    async def error_of(statement: str, url: str = postgres_url) -> BaseException:
        database = Database.open(url, pool=1)
        try:
            async with database.write() as connection:
                await connection.execute(text(statement))
        except (SQLAlchemyError, asyncpg.PostgresError, OSError) as error:
            return error
        finally:
            await database.close()
        raise AssertionError

    assert not unavailable(await error_of("SELECT 1 / 0"))
    assert not unavailable(await error_of("SELECT nothing"))
    assert unavailable(await error_of("SELECT * FROM not_migrated"))
    assert unavailable(await error_of("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert unavailable(await error_of("SELECT 1", postgres_url + "_absent"))
    assert unavailable(await error_of("SELECT 1", "postgresql://nobody@127.0.0.1:1/none"))


def test_what_sqlite_says_is_told_apart(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db", timeout=0)
    connection.execute("CREATE TABLE t (n integer UNIQUE)")
    with pytest.raises(sqlite3.Error) as wrong:
        connection.execute("SELECT nothing")
    assert not unavailable(wrong.value)
    connection.execute("BEGIN IMMEDIATE")
    other = sqlite3.connect(tmp_path / "x.db", timeout=0)
    with pytest.raises(sqlite3.Error) as busy:
        other.execute("BEGIN IMMEDIATE")
    assert unavailable(busy.value)
    with pytest.raises(sqlite3.Error) as absent:
        sqlite3.connect(tmp_path / "no" / "folder.db")
    assert unavailable(absent.value)
    assert not unavailable(KeyError())
    for one in (connection, other):
        one.close()


@pytest.mark.postgres
async def test_a_busy_pool_lets_callers_wait_instead_of_opening_connections(postgres_url: str) -> None:
    database = Database.open(postgres_url, pool=2)
    processes: set[int] = set()

    async def ask() -> None:
        async with database.raw() as connection:
            processes.add(await connection.fetchval("select pg_backend_pid()"))
            await asyncio.sleep(0.01)

    await asyncio.gather(*(ask() for _ in range(12)))
    assert len(processes) == 2
    await database.close()
