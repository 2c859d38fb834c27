"""The projection store on SQLite: one write transaction per batch, under the file's one writer lock."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.projection_sql import Fenced, SqlProjectionStore
from shared.projection_store import Change, RowKey, StoredRow
from shared.projection_values import move_values, parked_values, row_values, timeline_values

_LOAD = "select id, data, revision from {rows} where view = ? and id in (select value from json_each(?))"
_MOVE = "update {cursors} set offsets = ?, seen = ?, revision = revision + 1 where partition = ? and revision = ?"
_UPSERT = """
    insert into {rows} (view, id, data, owner, institution, rank, revision) values (?, ?, ?, ?, ?, ?, ?)
    on conflict (view, id) do update set data = excluded.data, owner = excluded.owner,
        institution = excluded.institution, rank = excluded.rank, revision = excluded.revision
    where {rows}.revision = excluded.revision - 1
"""
_DELETE = "delete from {rows} where view = ? and id = ? and revision = ?"
_TIMELINE = """
    insert into {timeline} (channel, position, key, occurred_at, recorded_at, type, schema, data, stream, version, meta)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing
"""
_PARK = """
    insert into {parked} (partition, key, channel, position, raw, error, parked_at) values (?, ?, ?, ?, ?, ?, ?)
    on conflict (key, channel, position) do update set error = excluded.error
"""
_UNPARK = "delete from {parked} where key = ? and channel = ? and position = ?"


class SqliteProjectionStore(SqlProjectionStore):
    """A `ProjectionStore` in a SQLite file."""

    async def load(self, wanted: Mapping[str, Sequence[str]]) -> dict[RowKey, StoredRow]:
        found: dict[RowKey, StoredRow] = {}
        async with self._database.read() as connection:
            for view, ids in wanted.items():
                query = (view, msgspec.json.encode(ids).decode())
                result = await connection.exec_driver_sql(self._tables.sql(_LOAD), query)
                for row in result:
                    found[view, row.id] = StoredRow(bytes(row.data), row.revision)
        return found

    async def save(self, change: Change) -> bool:
        try:
            async with self._database.write() as connection:
                await self._all(connection, _MOVE, [move_values(each) for each in change.moves], fence=True)
                written = [row_values(row) for row in change.rows if row.data is not None]
                await self._all(connection, _UPSERT, written, fence=True)
                deleted = [(row.view, row.id, row.revision) for row in change.rows if row.data is None]
                await self._all(connection, _DELETE, deleted, fence=True)
                await self._all(connection, _TIMELINE, [timeline_values(event) for event in change.timeline])
                await self._all(connection, _PARK, [parked_values(each) for each in change.parked])
                await self._all(connection, _UNPARK, [(e.key, e.channel, e.position) for e in change.unparked])
        except Fenced:
            return False
        return True

    async def _all(
        self, connection: AsyncConnection, statement: str, parameters: list[tuple[Any, ...]], *, fence: bool = False
    ) -> None:
        if not parameters:
            return
        result = await connection.exec_driver_sql(self._tables.sql(statement), parameters)
        if fence and result.rowcount != len(parameters):
            raise Fenced
