"""What only a durable log can promise: reopening, immutability, migrations, and honest failure."""

import asyncio
import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.log import Appended, Duplicate, LogUnavailable, Unrecordable, Write
from shared.log_postgres import PostgresEventLog
from shared.log_sqlite import SqliteEventLog
from shared.migrations import migrate, migrated
from support.logs import LogStore, command, event, write


async def test_records_survive_reopening(durable: LogStore) -> None:
    log = await durable.open()
    first = command(write("a", 0, 2), key="k", fingerprint="f")
    await log.append([first, command(write("b", 0))])
    before = await log.read(0, 9)
    await durable.close()
    log = await durable.open()
    assert await log.read(0, 9) == before
    assert await log.append([first, command(write("a", 2))]) == [Duplicate("a", 2, 2), Appended("a", 3, 4)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET data = meta",
        "UPDATE events SET recorded_at = recorded_at WHERE position = 1",
        "DELETE FROM events",
        "DELETE FROM events WHERE position = 2",
    ],
)
async def test_events_cannot_be_changed(durable: LogStore, statement: str) -> None:
    log = await durable.open()
    await log.append([command(write("a", 0, 2))])
    before = await log.read(0, 9)
    database = durable.database()
    with pytest.raises(DBAPIError, match="immutable"):
        async with database.write() as connection:
            await connection.execute(text(statement))
    await database.close()
    assert await log.read(0, 9) == before


async def test_events_cannot_be_replaced_or_truncated(durable: LogStore) -> None:
    log = await durable.open()
    await log.append([command(write("a", 0, 2))])
    replace = "INSERT OR REPLACE INTO events SELECT 1, 'b', 1, key, type, schema, data, meta, 0, 0 FROM events LIMIT 1"
    database = durable.database()
    with pytest.raises(DBAPIError, match="immutable"):
        async with database.write() as connection:
            await connection.execute(text(replace if durable.kind == "sqlite" else "TRUNCATE events"))
    await database.close()
    assert await log.head() == 2


async def test_replicas_migrate_together(durable: LogStore) -> None:
    databases = [durable.database() for _ in range(5)]
    assert not await migrated(databases[0])
    await asyncio.gather(*(migrate(database) for database in databases))
    await migrate(databases[0])
    assert await migrated(databases[1])
    async with databases[2].read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM kernel_version"))).scalar() == 1
    for database in databases:
        await database.close()


async def test_a_schema_from_the_future_is_left_alone(durable: LogStore) -> None:
    database = durable.database()
    await migrate(database)
    async with database.write() as connection:
        await connection.execute(text("UPDATE kernel_version SET version_num = 'kernel_9999'"))
    await migrate(database)
    assert await migrated(database)
    await database.close()


@pytest.mark.parametrize("stream", ["bad \udc80", "fine"])
async def test_what_cannot_be_stored_is_refused_whole(durable: LogStore, stream: str) -> None:
    log = await durable.open()
    bad = event() if stream != "fine" else event(key="cus \udc80")
    with pytest.raises(Unrecordable):
        await log.append([command(write("a", 0), key="k"), command(Write(stream, 0, (bad,)))])
    assert await log.head() == 0
    assert await log.append([command(write("a", 0), key="k")]) == [Appended("a", 1, 1)]


@pytest.mark.parametrize("durable_place", ["sqlite"], indirect=True)
async def test_a_full_disk_is_said_and_survived(durable: LogStore) -> None:
    """SQLite's page limit stands for the disk."""
    log = await durable.open()
    assert isinstance(log, SqliteEventLog)
    await log.append([command(write("a", 0), key="k")])

    def limit(connection: sqlite3.Connection, pages: int) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    await log._run(log._writer, lambda connection: limit(connection, 1))
    with pytest.raises(LogUnavailable):
        await log.append([command(Write("b", 0, (event(b"x" * 100_000),)), key="l")])
    await log._run(log._writer, lambda connection: limit(connection, 1_000_000))
    assert await log.head() == 1
    assert await log.append([command(write("b", 0), key="l")]) == [Appended("b", 1, 2)]


@pytest.mark.postgres
@pytest.mark.parametrize("durable_place", ["postgres"], indirect=True)
async def test_a_lost_server_connection_is_said_and_survived(durable: LogStore) -> None:
    log = await durable.open()
    assert isinstance(log, PostgresEventLog)
    waiter = asyncio.create_task(log.wait(2, 5))
    await log.append([command(write("a", 0), key="k", fingerprint="f")])
    database = durable.database()
    async with database.raw() as other, other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock(26485, 1)")
        appending = asyncio.create_task(log.append([command(write("b", 0), key="l", fingerprint="f")]))
        await asyncio.sleep(0.2)
        others = "pid <> pg_backend_pid() AND datname = current_database()"
        await other.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
        with pytest.raises(LogUnavailable):
            await appending
    await database.close()
    assert await log.append([command(write("b", 0), key="l", fingerprint="f")]) == [Appended("b", 1, 2)]
    await log.append([command(write("c", 0))])
    await asyncio.wait_for(waiter, 5)


@pytest.mark.parametrize("durable_place", ["sqlite"], indirect=True)
async def test_a_closed_log_says_so(durable: LogStore) -> None:
    log = await durable.open()
    await log.close()
    await log.close()
    with pytest.raises(LogUnavailable):
        await log.append([command(write("a", 0))])
    with pytest.raises(LogUnavailable):
        await log.head()


async def test_a_cancelled_append_is_whole_or_absent(durable: LogStore) -> None:
    log = await durable.open()
    again = command(write("a", 0, 3), key="k", fingerprint="f")
    appending = asyncio.create_task(log.append([again]))
    await asyncio.sleep(0)
    appending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await appending
    (verdict,) = await log.append([again])
    assert verdict in (Appended("a", 3, 3), Duplicate("a", 3, 3))
    assert await log.head() == 3


async def test_a_closed_port_is_unavailable() -> None:
    log = PostgresEventLog("customer", LogStore("postgres", "postgresql://nobody@127.0.0.1:1/none").database())
    with pytest.raises(LogUnavailable):
        await log.head()
    with pytest.raises(LogUnavailable):
        await log.append([command(write("a", 0))])
    await log.close()
