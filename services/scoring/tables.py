"""The materialised assessments: one row per customer, ready to be answered, ranked and found stale."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    inspect,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from shared.auth import Scope
from shared.database import Database
from shared.gathering import Gathering
from shared.row_security import restrict, secure


class Ranking(msgspec.Struct, frozen=True):
    """By what relationships are ranked: the strength, or its change against 30 days before."""

    by: Literal["strength", "change"] = "strength"
    descending: bool = False


class AssessmentRow(msgspec.Struct, frozen=True):
    """What is kept of a customer's assessment.

    `strength` and `change` (against 30 days before; None: not known yet) are in 1/10,000 of a point, `day` is the
    proleptic ordinal of the local day assessed, `revision` the evidence's, `body` the answer as JSON.
    """

    customer: str
    institution: str
    tier: str
    manager: str
    strength: int
    change: int | None
    day: int
    policy: str
    revision: int
    body: bytes


class Seen(NamedTuple):
    """A customer as whoever may see these institutions sees them; None is the whole bank."""

    institutions: frozenset[str] | None
    customer: str


def assessments_table(version: int) -> Table:
    """The table of one version of the evidence projection."""
    return Table(
        f"assessments_v{version}",
        MetaData(),
        Column("customer", String, primary_key=True),
        Column("institution", String, nullable=False),
        Column("tier", String, nullable=False),
        Column("manager", String, nullable=False),
        Column("strength", Integer, nullable=False),
        Column("change", Integer),
        Column("day", Integer, nullable=False),
        Column("policy", String, nullable=False),
        Column("revision", BigInteger, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Index(f"assessments_v{version}_strength", "strength", "customer"),
        Index(f"assessments_v{version}_change", "change", "customer"),
        Index(f"assessments_v{version}_institution", "institution", "strength", "customer"),
        Index(f"assessments_v{version}_stale", "day", "policy"),
    )


class Assessments:
    """Reads and writes the assessments of one version. Every read by a caller takes the caller's scope."""

    def __init__(self, database: Database, version: int) -> None:
        self._database = database
        self._table = assessments_table(version)
        self._single: Gathering[Seen, AssessmentRow] = Gathering(self._several)

    async def prepare(self) -> None:
        """Create the table where it is missing; safe to run again and by several replicas."""
        async with self._database.write() as connection:
            if self._database.dialect == "postgresql":
                await connection.execute(text("select pg_advisory_xact_lock(hashtext(:name))"), {"name": "assessments"})
            if not await connection.run_sync(lambda sync: inspect(sync).has_table(self._table.name)):
                await connection.run_sync(self._table.metadata.create_all)
                await secure(self._database, connection, self._table.name)

    async def save(self, rows: Sequence[AssessmentRow]) -> None:
        """Insert or replace, unless a newer revision is there already."""
        if not rows:
            return
        table = self._table
        insert = insert_postgres if self._database.dialect == "postgresql" else insert_sqlite
        statement = insert(table)
        changes = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
        upsert = statement.on_conflict_do_update(
            index_elements=[table.c.customer], set_=changes, where=table.c.revision <= statement.excluded.revision
        )
        async with self._database.write() as connection:
            await restrict(self._database, connection, None)
            await connection.execute(upsert, [msgspec.structs.asdict(row) for row in rows])

    async def get(self, customers: Sequence[str], scope: Scope) -> dict[str, AssessmentRow]:
        """The assessments of these customers that the scope allows to be seen."""
        seen = [Seen(scope.institutions, customer) for customer in customers]
        found = await self._single.get(seen)
        return {each.customer: found[each] for each in seen if each in found}

    async def ranking(
        self, ranking: Ranking, scope: Scope, filters: Mapping[str, str], after: tuple[int, str] | None, limit: int
    ) -> list[AssessmentRow]:
        """At most `limit` rows beyond `after`, the last row's (value, customer).

        `filters` are exact values of institution, tier or manager.
        """
        table = self._table
        value = table.c[ranking.by]
        key = tuple_(value, table.c.customer)
        statement = _visible(select(table), table, scope).where(value.is_not(None))
        for name, wanted in filters.items():
            statement = statement.where(table.c[name] == wanted)
        if after is not None:
            statement = statement.where(key < after if ranking.descending else key > after)
        columns = (value.desc(), table.c.customer.desc()) if ranking.descending else (value, table.c.customer)
        return await self._read(statement.order_by(*columns).limit(limit), scope)

    async def outdated(self, day: int, policy: str, after: str, limit: int) -> list[str]:
        """Customers beyond `after` that were assessed for an earlier day or under another policy."""
        column = self._table.c
        statement = (
            select(column.customer)
            .where((column.day < day) | (column.policy != policy), column.customer > after)
            .order_by(column.customer)
            .limit(limit)
        )
        async with self._database.read() as connection:
            await restrict(self._database, connection, None)
            return list((await connection.execute(statement)).scalars())

    async def revisions(self, customers: Sequence[str]) -> dict[str, int]:
        """The evidence revision that each of these customers was last assessed at."""
        column = self._table.c
        statement = select(column.customer, column.revision).where(column.customer.in_(customers))
        async with self._database.read() as connection:
            await restrict(self._database, connection, None)
            return {row.customer: row.revision for row in await connection.execute(statement)}

    async def outdate(self) -> None:
        """Let every assessment be older than any evidence: it was rebuilt, and its revisions begin anew."""
        async with self._database.write() as connection:
            await restrict(self._database, connection, None)
            await connection.execute(update(self._table).values(revision=-1))

    async def _several(self, wanted: Sequence[Seen]) -> dict[Seen, AssessmentRow]:
        """What callers asked for at the same time: one transaction for each scope, which sees no other's rows."""
        table = self._table
        by_scope: dict[frozenset[str] | None, list[str]] = {}
        for each in wanted:
            by_scope.setdefault(each.institutions, []).append(each.customer)
        found: dict[Seen, AssessmentRow] = {}
        for institutions, customers in by_scope.items():
            scope = Scope(institutions)
            statement = _visible(select(table).where(table.c.customer.in_(customers)), table, scope)
            found |= {Seen(institutions, row.customer): row for row in await self._read(statement, scope)}
        return found

    async def _read(self, statement: Select[Any], scope: Scope) -> list[AssessmentRow]:
        async with self._database.read() as connection:
            await restrict(self._database, connection, scope.institutions)
            return [AssessmentRow(*row) for row in await connection.execute(statement)]


def _visible(statement: Select[Any], table: Table, scope: Scope) -> Select[Any]:
    if scope.institutions is None:
        return statement
    return statement.where(table.c.institution.in_(sorted(scope.institutions)))
