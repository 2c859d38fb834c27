"""One store's database: SQLAlchemy's engine over SQLite or PostgreSQL, with the same two ways in for both."""

import asyncio
import errno
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal
from weakref import WeakValueDictionary

import asyncpg
from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import greenlet_spawn

Dialect = Literal["sqlite", "postgresql"]

_IMMEDIATE = "guanxi_immediate"
_LOCKS: "WeakValueDictionary[Path, asyncio.Lock]" = WeakValueDictionary()
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
)
_POSTGRES_SETTINGS = {
    "application_name": "guanxi",
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "15s",
    # No statement here is heavy enough to be worth compiling, but the driver's look-up of types would be compiled.
    "jit": "off",
}
_SQLITE_UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
    }
)
_POSTGRES_UNAVAILABLE = (
    "08",  # connection
    "25006",  # a standby, read only
    "25P03",  # idle in transaction
    "28",  # not let in
    "3D",  # no such database
    "40",  # rolled back by the server
    "42P01",  # not migrated
    "42883",
    "53",  # out of resources
    "55P03",  # lock timeout
    "57",  # operator
    "58",  # system
)
"""SQLSTATE prefixes of what is not the data's fault."""


class Database:
    """One store. Components that share a file or a database may each open their own.

    Args:
        engine: SQLAlchemy's engine; it knows the URL.
        path: the SQLite file, None for PostgreSQL.
        lock: held by every writer of the SQLite file in this process, so that none meets another.
    """

    def __init__(self, engine: AsyncEngine, dialect: Dialect, path: Path | None, lock: asyncio.Lock) -> None:
        self.engine = engine
        self.dialect: Dialect = dialect
        self.path = path
        self.lock = lock

    @classmethod
    def open(cls, url: str, *, pool: int = 10) -> "Database":
        """The database at `sqlite:///file.db` or `postgresql://…`; `pool` is how many connections stay open.

        Connects lazily. Raises `ValueError` for any other URL.
        """
        parsed = make_url(url)
        match parsed.get_backend_name():
            case "sqlite" if parsed.database and parsed.database != ":memory:":
                return _open_sqlite(Path(parsed.database).resolve(), pool)
            case "postgresql" | "postgres":
                return Database(_postgres_engine(parsed, pool), "postgresql", None, asyncio.Lock())
            case _:
                raise ValueError("a database URL is sqlite:///file.db or postgresql://…")

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncConnection]:
        """A connection for reading; on SQLite it sees one snapshot and never waits for a writer."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncConnection]:
        """One transaction: committed at the end, rolled back on an exception."""
        if self.dialect == "postgresql":
            async with self.engine.begin() as connection:
                yield connection
            return
        async with self.lock, self.engine.connect() as connection:
            await connection.execution_options(**{_IMMEDIATE: True})
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def raw(self) -> AsyncGenerator[asyncpg.Connection]:
        """The pool's asyncpg connection, in autocommit, for hot paths. PostgreSQL only.

        A connection that broke, or whose statement was cut off, never returns to the pool.
        """
        connection = await self.engine.raw_connection()
        driver: Any = connection.driver_connection
        try:
            yield driver
        except BaseException as error:
            if not isinstance(error, asyncpg.PostgresError) or driver.is_closed():
                connection.invalidate()
            raise
        finally:
            # Beyond the pool's size the connection is really closed, which is I/O that SQLAlchemy must await.
            await greenlet_spawn(connection.close)

    async def dedicated(self) -> asyncpg.Connection:
        """A new asyncpg connection outside the pool, for LISTEN; the caller closes it. PostgreSQL only."""
        url = self.engine.url.set(drivername="postgresql")
        return await asyncpg.connect(
            url.render_as_string(hide_password=False), timeout=5, server_settings={"application_name": "guanxi"}
        )

    async def close(self) -> None:
        """Close every pooled connection; idempotent."""
        await self.engine.dispose()


def unavailable(error: BaseException) -> bool:
    """Whether the store could not be reached, was full, or gave up: not the data's fault, worth trying again."""
    match error:
        case asyncpg.PostgresError():
            return str(getattr(error, "sqlstate", "")).startswith(_POSTGRES_UNAVAILABLE)
        case sqlite3.Error():
            return getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE_UNAVAILABLE
        case DBAPIError() | AsyncAdapt_asyncpg_dbapi.Error():
            # A pool that cannot connect raises the second: without a statement there is no DBAPIError.
            return getattr(error, "connection_invalidated", False) or _caused_by_unavailable(error)
        case PoolTimeout() | DisconnectionError() | OSError() | asyncpg.InternalClientError():
            # The last one: used between the server's last word and the end of the connection.
            return True
        case asyncpg.InterfaceError():
            return not isinstance(error, ValueError)
        case _:
            return False


def _caused_by_unavailable(error: BaseException) -> bool:
    cause = getattr(error, "orig", None) or error.__cause__
    return cause is not None and (unavailable(cause) or _caused_by_unavailable(cause))


def _open_sqlite(path: Path, pool: int) -> Database:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"the database folder cannot be made: {errno.errorcode.get(error.errno or 0)}") from error
    url = URL.create("sqlite+aiosqlite", database=str(path))
    engine = create_async_engine(url, pool_size=min(pool, 4), max_overflow=4, pool_timeout=10, hide_parameters=True)
    event.listen(engine.sync_engine, "connect", _configure_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    lock = _LOCKS.get(path)
    if lock is None:
        lock = _LOCKS[path] = asyncio.Lock()
    return Database(engine, "sqlite", path, lock)


def sqlite_pragmas(connection: Any) -> None:
    """Give a DBAPI connection, SQLAlchemy's or the standard library's, the settings of every connection here."""
    cursor = connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _configure_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: it would begin them late and deferred.
    connection.isolation_level = None
    sqlite_pragmas(connection)


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(_IMMEDIATE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _postgres_engine(url: URL, pool: int) -> AsyncEngine:
    engine = create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        pool_size=pool,
        # Connections beyond the pool's size would be opened and closed for single statements whenever it is busy.
        max_overflow=0,
        pool_timeout=10,
        hide_parameters=True,
        pool_recycle=1800,
        connect_args={"timeout": 5, "command_timeout": 35, "server_settings": _POSTGRES_SETTINGS},
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    # Cheaper than a ping for each checkout; the pool answers with a fresh connection.
    if connection.driver_connection.is_closed():
        raise DisconnectionError("the server closed this connection")
