"""Which projection store belongs to which database."""

from shared.database import Database
from shared.projection import Projection
from shared.projection_postgres import PostgresProjectionStore
from shared.projection_sqlite import SqliteProjectionStore
from shared.projection_store import ProjectionStore


def open_store(projection: Projection, database: Database) -> ProjectionStore:
    """The store of a projection in a database; `prepare()` makes its tables."""
    if database.dialect == "sqlite":
        return SqliteProjectionStore(projection, database)
    return PostgresProjectionStore(projection, database)
