"""The kernel's tables in every service's database: `migrate` makes them, `migrated` says whether they are there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from shared.database import Database

VERSION_TABLE = "kernel_version"
ADVISORY_NAMESPACE = 26485
ADVISORY_MIGRATE = 2


async def migrate(database: Database) -> None:
    """Bring the kernel's tables to this code's revision. Idempotent; replicas that come together wait for the first."""
    if await migrated(database):
        return
    async with database.write() as connection:
        if database.dialect == "postgresql":
            await connection.execute(text("SET LOCAL lock_timeout = '25s'"))
            await connection.execute(
                text("SELECT pg_advisory_xact_lock(:space, :key)"),
                {"space": ADVISORY_NAMESPACE, "key": ADVISORY_MIGRATE},
            )
        await connection.run_sync(_upgrade)


async def migrated(database: Database) -> bool:
    """Whether the database is at this code's revision or a later one that this code does not know."""
    async with database.read() as connection:
        current = await connection.run_sync(_revision)
    script = ScriptDirectory.from_config(_config())
    known = {revision.revision for revision in script.walk_revisions()}
    return current is not None and (current == script.get_current_head() or current not in known)


def _upgrade(connection: Connection) -> None:
    current = _revision(connection)
    known = {revision.revision for revision in ScriptDirectory.from_config(_config()).walk_revisions()}
    if current is not None and current not in known:
        return
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
