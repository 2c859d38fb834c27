"""What both projection stores share: preparing, and the reads that are not on the hot path."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database import Database
from shared.feed import Offsets
from shared.projection import Projection
from shared.projection_store import Cursor, Parked, ParkedKey, Waiting
from shared.projection_tables import Tables, moment

_OFFSETS = msgspec.json.Decoder(Offsets)


class Fenced(Exception):
    """Leaves a transaction that must be rolled back: a cursor or a row is not where it was read."""


class SqlProjectionStore:
    """The tables of one projection version. The adapters add the hot path."""

    def __init__(self, projection: Projection, database: Database) -> None:
        self.projection = projection
        self._database = database
        self._tables = Tables(projection)
        self._insert = sqlite.insert if database.dialect == "sqlite" else postgresql.insert

    async def prepare(self) -> None:
        async with self._database.write() as connection:
            await self._create(connection)
            active = self._insert(self._tables.active).values(
                name=self.projection.name, version=self.projection.version
            )
            await connection.execute(active.on_conflict_do_nothing())

    async def active(self) -> int:
        table = self._tables.active
        async with self._database.read() as connection:
            version = await connection.scalar(sa.select(table.c.version).where(table.c.name == self.projection.name))
        return self.projection.version if version is None else version

    async def activate(self) -> None:
        table = self._tables.active
        switch = sa.update(table).where(table.c.name == self.projection.name).values(version=self.projection.version)
        async with self._database.write() as connection:
            await connection.execute(switch)

    async def empty(self) -> None:
        cursors = self._tables.cursors
        # The revision goes on, so that a worker which still holds a cursor is fenced.
        reset = sa.update(cursors).values(offsets="{}", seen="{}", revision=cursors.c.revision + 1)
        async with self._database.write() as connection:
            await connection.execute(reset)
            for table in (self._tables.rows, self._tables.parked):
                await self._clear(connection, table)

    async def assign_parked(self, partition: Callable[[str], int]) -> None:
        table = self._tables.parked
        async with self._database.write() as connection:
            keys = list((await connection.execute(sa.select(table.c.key).distinct())).scalars())
            for key in keys:
                move = sa.update(table).where(table.c.key == key).values(partition=partition(key))
                await connection.execute(move)

    async def analyse(self) -> None:
        async with self._database.write() as connection:
            for table in self._tables.metadata.sorted_tables:
                await connection.exec_driver_sql(f"analyze {table.name}")

    async def cursors(self, partitions: Iterable[int]) -> dict[int, Cursor]:
        wanted = sorted(partitions)
        if not wanted:
            return {}
        found = await self._read_cursors(wanted)
        missing = [partition for partition in wanted if partition not in found]
        if missing:
            new = [{"partition": each, "offsets": "{}", "seen": "{}", "revision": 0} for each in missing]
            async with self._database.write() as connection:
                await connection.execute(self._insert(self._tables.cursors).on_conflict_do_nothing(), new)
            found |= await self._read_cursors(missing)
        return found

    async def all_cursors(self) -> dict[int, Cursor]:
        return await self._read_cursors(None)

    async def waiting(self) -> Waiting:
        c = self._tables.parked.c
        query = sa.select(sa.func.count(c.key.distinct()), sa.func.count(), sa.func.min(c.parked_at))
        async with self._database.read() as connection:
            keys, events, since = (await connection.execute(query)).one()
        return Waiting(keys, events, None if since is None else moment(since))

    async def parked_keys(self, limit: int, after: str = "") -> list[ParkedKey]:
        table = self._tables.parked
        groups = (
            sa.select(
                table.c.key,
                sa.func.count().label("events"),
                sa.func.min(table.c.sequence).label("first"),
                sa.func.min(table.c.parked_at).label("since"),
            )
            .where(table.c.key > after)
            .group_by(table.c.key)
            .order_by(table.c.key)
            .limit(limit)
            .subquery()
        )
        query = (
            sa.select(groups.c.key, table.c.partition, groups.c.events, groups.c.since, table.c.error)
            .join(table, table.c.sequence == groups.c.first)
            .order_by(groups.c.key)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            ParkedKey(key, partition, events, moment(since), error) for key, partition, events, since, error in rows
        ]

    async def parked(self, key: str, limit: int = 1_000) -> list[Parked]:
        table = self._tables.parked
        query = sa.select(table).where(table.c.key == key).order_by(table.c.sequence).limit(limit)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [_parked(row) for row in rows]

    async def _clear(self, connection: AsyncConnection, table: sa.Table) -> None:
        await connection.execute(sa.delete(table))

    async def _create(self, connection: AsyncConnection) -> None:
        await connection.run_sync(self._tables.metadata.create_all)

    async def _read_cursors(self, partitions: list[int] | None) -> dict[int, Cursor]:
        cursors, parked = self._tables.cursors, self._tables.parked
        query = sa.select(cursors.c.partition, cursors.c.offsets, cursors.c.revision, cursors.c.seen)
        waiting = sa.select(parked.c.partition, parked.c.key).distinct()
        if partitions is not None:
            query = query.where(cursors.c.partition.in_(partitions))
            waiting = waiting.where(parked.c.partition.in_(partitions))
        async with self._database.read() as connection:
            # Cursors first: parked keys that are newer than the cursor are fenced at the save, older ones could not be.
            rows = (await connection.execute(query)).all()
            keys: dict[int, set[str]] = {}
            for partition, key in await connection.execute(waiting):
                keys.setdefault(partition, set()).add(key)
        return {
            partition: Cursor(
                _OFFSETS.decode(offsets), revision, _OFFSETS.decode(seen), frozenset(keys.get(partition, ()))
            )
            for partition, offsets, revision, seen in rows
        }


def _parked(row: Mapping[str, Any] | sa.RowMapping) -> Parked:
    return Parked(
        partition=row["partition"],
        key=row["key"],
        channel=row["channel"],
        position=row["position"],
        raw=bytes(row["raw"]),
        error=row["error"],
        parked_at=moment(row["parked_at"]),
    )
