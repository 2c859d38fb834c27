"""A projection from end to end, page by page: what an audit compares with the logs."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from shared.database import Database
from shared.projection import Projection
from shared.projection_tables import Tables
from shared.row_security import restrict

PAGE = 1_000


class State(msgspec.Struct, frozen=True):
    """A row as it is stored, and how often it has been saved."""

    view: str
    id: str
    data: bytes
    revision: int


class Place(msgspec.Struct, frozen=True):
    """Where an event of a key stands: in the timeline, or parked."""

    channel: str
    position: int
    key: str


class ProjectionExport:
    """Reads everything that one projection version holds, for the whole bank."""

    def __init__(self, projection: Projection, database: Database) -> None:
        self._tables = Tables(projection)
        self._database = database

    async def states(self) -> AsyncIterator[State]:
        """Every row, ordered by (view, id)."""
        c = self._tables.rows.c
        query = sa.select(c.view, c.id, c.data, c.revision)
        async for view, id_, data, revision in self._pages(query, (c.view, c.id)):
            yield State(view, id_, bytes(data), revision)

    async def revisions(self, view: str) -> AsyncIterator[tuple[str, int]]:
        """(id, revision) of every row of a view, ordered by id."""
        c = self._tables.rows.c
        async for id_, revision in self._pages(sa.select(c.id, c.revision).where(c.view == view), (c.id,)):
            yield id_, revision

    async def timeline(self) -> AsyncIterator[Place]:
        """Where every event of the timeline stands, ordered by (channel, position); nothing without a timeline."""
        if self._tables.timeline is not None:
            c = self._tables.timeline.c
            async for row in self._pages(sa.select(c.channel, c.position, c.key), (c.channel, c.position)):
                yield Place(*row)

    async def parked(self) -> AsyncIterator[Place]:
        """Every delivery that waits, in the order in which it was parked."""
        c = self._tables.parked.c
        query = sa.select(c.sequence, c.channel, c.position, c.key)
        async for _, channel, position, key in self._pages(query, (c.sequence,)):
            yield Place(channel, position, key)

    async def _pages(self, query: Any, order: Sequence[sa.ColumnElement[Any]]) -> AsyncIterator[Any]:
        """All rows of a query that begins with its ordering columns, one short transaction a page."""
        after: tuple[Any, ...] | None = None
        while True:
            page = query.order_by(*order).limit(PAGE)
            if after is not None:
                page = page.where(sa.tuple_(*order) > sa.tuple_(*map(sa.literal, after)))
            async with self._database.read() as connection:
                await restrict(self._database, connection, None)
                rows = (await connection.execute(page)).all()
            for row in rows:
                yield row
            if len(rows) < PAGE:
                return
            after = tuple(rows[-1][: len(order)])
