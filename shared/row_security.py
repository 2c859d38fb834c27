"""Row-level security by institution: PostgreSQL checks again what every scoped read filters already.

A transaction says once which institutions exist for it; a table under `secure` shows no other row, and none to a
transaction that said nothing. SQLite has no such thing and relies on the filters alone.
"""

from collections.abc import Set

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database import Database

SETTING = "guanxi.institutions"
WHOLE_BANK = "*"


async def restrict(database: Database, connection: AsyncConnection, institutions: Set[str] | None) -> None:
    """Limit this transaction to rows of these institutions; None is the whole bank, for the system's own work."""
    if database.dialect == "postgresql":
        value = WHOLE_BANK if institutions is None else ",".join(sorted(institutions - {WHOLE_BANK}))
        await connection.execute(sa.select(sa.func.set_config(SETTING, value, sa.true())))


async def secure(database: Database, connection: AsyncConnection, table: str) -> None:
    """Put a new table with an `institution` column under the policy, its owner included."""
    if database.dialect == "postgresql":
        for statement in policy(table):
            await connection.exec_driver_sql(statement)


def policy(table: str) -> tuple[str, ...]:
    """The statements that enable and force the policy on a table.

    A row without an institution ("") exists only for the whole bank; institution "*" is for everybody with a scope.
    """
    # `current_setting` sits in sub-selects so that it is read once per query, not once per row.
    return (
        f"alter table {table} enable row level security",
        f"alter table {table} force row level security",
        f"""create policy scope on {table} using (
            (select current_setting('{SETTING}', true)) = '*'
            or institution = any ((select string_to_array(current_setting('{SETTING}', true), ','))::text[])
                and institution <> ''
            or institution = '*' and (select coalesce(current_setting('{SETTING}', true), '')) <> '')""",
    )
