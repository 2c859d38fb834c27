"""Events, stream heads, idempotency keys and leases."""

from pathlib import Path

from alembic import op

revision = "kernel_0001"
down_revision = None
branch_labels = None
depends_on = None

_POSTGRES = Path(__file__).parents[2] / "log_postgres.sql"
_SQLITE = Path(__file__).parents[2] / "log_sqlite.sql"


def upgrade() -> None:
    """Create the tables, the triggers that keep events as they are and, on PostgreSQL, the append function."""
    postgres = op.get_bind().dialect.name == "postgresql"
    for statement in (_POSTGRES if postgres else _SQLITE).read_text().split("\n-- statement\n"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: it would drop the bank's history."""
    raise NotImplementedError("the event log is never dropped by a migration")
