"""The projection store on PostgreSQL: raw asyncpg, arrays and COPY, and row-level security on what readers see."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared import row_security
from shared.migrations import ADVISORY_NAMESPACE
from shared.projection_sql import Fenced, SqlProjectionStore
from shared.projection_store import Change, Move, RowChange, RowKey, StoredRow
from shared.projection_values import move_values, parked_values, row_values, timeline_values

_ADVISORY_PREPARE = 3

# Never analysed tables make the planner read them whole, but rows are always found by their key here; what it then
# thinks the incoming timeline costs would make it compile the statement, which takes longer than the batch.
_WRITER = """
    select set_config('guanxi.institutions', '*', true), set_config('enable_seqscan', 'off', true),
        set_config('jit', 'off', true)
"""
_INCOMING = "create temp table if not exists {timeline}_incoming (like {timeline}) on commit delete rows"
_LOAD = """
    select r.view, r.id, r.data, r.revision
    from unnest($1::text[], $2::text[]) as w (view, id) join {rows} r on r.view = w.view and r.id = w.id
"""
_LOCK = "select partition from {cursors} where partition = any ($1::int[]) order by partition for update"
_MOVE = """
    update {cursors} c set offsets = m.offsets, seen = m.seen, revision = c.revision + 1
    from unnest($1::text[], $2::text[], $3::int[], $4::bigint[]) as m (offsets, seen, partition, revision)
    where c.partition = m.partition and c.revision = m.revision
"""
_UPSERT = """
    insert into {rows} (view, id, data, owner, institution, rank, revision)
    select * from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::bigint[])
    on conflict (view, id) do update set data = excluded.data, owner = excluded.owner,
        institution = excluded.institution, rank = excluded.rank, revision = excluded.revision
    where {rows}.revision = excluded.revision - 1
"""
_DELETE = """
    delete from {rows} r using unnest($1::text[], $2::text[], $3::bigint[]) as d (view, id, revision)
    where r.view = d.view and r.id = d.id and r.revision = d.revision
"""
_TIMELINE = "insert into {timeline} select * from {timeline}_incoming order by channel, position on conflict do nothing"
_PARK = """
    insert into {parked} (partition, key, channel, position, raw, error, parked_at) values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (key, channel, position) do update set error = excluded.error
"""
_UNPARK = "delete from {parked} where key = $1 and channel = $2 and position = $3"

# The timeline keeps no institution of its own: a customer's whole history moves with the customer. Whoever may see the
# key's row in the active version's first view (under that table's policy) may see the key's events.
_TIMELINE_POLICY = """
    create policy v$version on {timeline} using (
        (select current_setting('guanxi.institutions', true)) = '*'
        or (select version from projections where name = '$name') = $version
            and exists (select 1 from {rows} r where r.view = '$view' and r.id = {timeline}.key)
    )
"""


class PostgresProjectionStore(SqlProjectionStore):
    """A `ProjectionStore` in a PostgreSQL database."""

    async def load(self, wanted: Mapping[str, Sequence[str]]) -> dict[RowKey, StoredRow]:
        pairs = [(view, id_) for view, ids in wanted.items() for id_ in ids]
        if not pairs:
            return {}
        async with self._database.raw() as connection, connection.transaction(readonly=True):
            await connection.execute(_WRITER)
            rows = await connection.fetch(self._tables.sql(_LOAD), *map(list, zip(*pairs, strict=True)))
        return {(row["view"], row["id"]): StoredRow(row["data"], row["revision"]) for row in rows}

    async def save(self, change: Change) -> bool:
        async with self._database.raw() as connection:
            try:
                async with connection.transaction():
                    await self._write(connection, change)
            except Fenced:
                return False
        return True

    async def _write(self, connection: asyncpg.Connection, change: Change) -> None:
        prepare = _WRITER + (";" + self._tables.sql(_INCOMING) if change.timeline else "")
        await connection.execute(prepare)
        await self._move(connection, change.moves)
        await self._rows(connection, change.rows)
        if change.timeline:
            incoming = f"{self._tables.timeline_name}_incoming"
            records = [timeline_values(event) for event in change.timeline]
            await connection.copy_records_to_table(incoming, records=records)
            await connection.execute(self._tables.sql(_TIMELINE))
        if change.parked:
            await connection.executemany(self._tables.sql(_PARK), [parked_values(each) for each in change.parked])
        if change.unparked:
            gone = [(each.key, each.channel, each.position) for each in change.unparked]
            await connection.executemany(self._tables.sql(_UNPARK), gone)

    async def _move(self, connection: asyncpg.Connection, moves: Sequence[Move]) -> None:
        if len(moves) > 1:
            # One order for all workers, so that two of them never wait for each other.
            await connection.execute(self._tables.sql(_LOCK), [move.partition for move in moves])
        await self._fenced(connection, _MOVE, [move_values(move) for move in moves])

    async def _rows(self, connection: asyncpg.Connection, rows: Sequence[RowChange]) -> None:
        ordered = sorted(rows, key=lambda row: (row.view, row.id))
        written = [row_values(row) for row in ordered if row.data is not None]
        await self._fenced(connection, _UPSERT, written)
        deleted = [(row.view, row.id, row.revision) for row in ordered if row.data is None]
        await self._fenced(connection, _DELETE, deleted)

    async def _fenced(self, connection: asyncpg.Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        status = await connection.execute(self._tables.sql(statement), *map(list, zip(*rows, strict=True)))
        if int(status.rpartition(" ")[2]) != len(rows):
            raise Fenced

    async def _clear(self, connection: AsyncConnection, table: sa.Table) -> None:
        # Also at once where row security would hide rows from a delete.
        await connection.exec_driver_sql(f"truncate {table.name}")

    async def _create(self, connection: AsyncConnection) -> None:
        # One lock for all projections of the database: they share the table of active versions.
        lock = {"space": ADVISORY_NAMESPACE, "key": _ADVISORY_PREPARE}
        await connection.execute(sa.text("select pg_advisory_xact_lock(:space, :key)"), lock)
        exists = await connection.scalar(sa.select(sa.func.to_regclass(self._tables.rows.name)))
        if exists is not None:
            return
        await super()._create(connection)
        statements = [
            "alter table {rows} set (fillfactor = 80)",
            *row_security.policy("{rows}"),
        ]
        if self._tables.timeline is not None:
            statements += [
                "alter table {timeline} enable row level security",
                "alter table {timeline} force row level security",
                self._timeline_policy(),
            ]
        for statement in statements:
            await connection.exec_driver_sql(self._tables.sql(statement))

    def _timeline_policy(self) -> str:
        projection = self.projection
        values = {"version": str(projection.version), "name": projection.name, "view": projection.views[0].name}
        statement = _TIMELINE_POLICY
        for name, value in values.items():
            statement = statement.replace(f"${name}", value)
        return statement
