"""Choosing the event log that fits the database."""

from collections.abc import Callable
from datetime import datetime

from shared.database import Database
from shared.log import EventLog
from shared.log_memory import now
from shared.log_postgres import PostgresEventLog
from shared.log_sqlite import SqliteEventLog


def open_log(name: str, database: Database, clock: Callable[[], datetime] = now) -> EventLog:
    """The log `name` in a migrated database. Closing the log leaves the database open."""
    if database.dialect == "sqlite":
        return SqliteEventLog(name, database, clock)
    return PostgresEventLog(name, database, clock)
