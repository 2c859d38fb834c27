"""Reading a projection's rows, always for a scope of institutions.

    views = ViewStore(projection, database, projector.progress)       # progress: only beside a projector
    account = await views.get(account_view, "acc_…", scope)           # the row's struct, or None
    stored = await views.find(account_view, "acc_…", scope)           # the same with revision and institution
    rows = await views.get_many(account_view, ids, scope)             # id → row, absent ones left out
    page, after = await views.list(account_view, scope, owner="cus_…", after=None, limit=50)
    fresh = await views.wait("customer/transaction", 1842, 2.0)       # read your writes (log-fed projections)
    row = await views.wait_row(view, id, lambda row: row is not None and row.seen…, 2.0, scope)   # Kafka-fed rows
    events = await views.timeline("cus_…", scope, limit=100)          # newest first; history() is all, oldest first

`scope.institutions` is a set of ids, or None for the whole bank. A row without an institution ("") exists only for the
whole bank; institution "*" is for everybody. Lists are ordered by (rank, id). On PostgreSQL row-level security checks
the same again. A row out of scope is absent: nobody learns that it exists.
"""

import asyncio
import builtins
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

import msgspec
import sqlalchemy as sa

from shared.database import Database
from shared.feed import Offsets
from shared.folding import decode_row
from shared.gathering import Gathering
from shared.progress import Progress
from shared.projection import Projection, View
from shared.projection_store import TimelineEvent
from shared.projection_tables import Tables, microseconds, moment
from shared.row_security import restrict

Row = TypeVar("Row")
After: TypeAlias = tuple[str, str]
"""(rank, id) of a page's last row: where the next page begins."""

_POLL = 0.02
_POLL_BESIDE_PROJECTOR = 0.25


class Scope(Protocol):
    """Which institutions' rows exist for the reader (`shared.auth.Scope` is one)."""

    @property
    def institutions(self) -> frozenset[str] | None:
        """Institution ids, None for the whole bank."""
        ...


class Found(msgspec.Struct, Generic[Row], frozen=True):
    """A row with how often it was saved and which institution it belongs to."""

    id: str
    row: Row
    revision: int
    institution: str


class _Sight(NamedTuple):
    """A row as whoever may see these institutions sees it; it is the scope of a reader."""

    view: str
    institutions: frozenset[str] | None
    id: str


class ViewStore:
    """Reads of one projection version. Raises only infrastructure errors."""

    def __init__(self, projection: Projection, database: Database, progress: Progress | None = None) -> None:
        self._projection = projection
        self._database = database
        self._tables = Tables(projection)
        self._progress = progress or Progress()
        self._gathering: Gathering[_Sight, Found[Any]] = Gathering(self._seen)

    async def get(self, view: View[Row], id: str, scope: Scope) -> Row | None:  # noqa: A002
        """The row, None when it is absent or out of scope."""
        found = await self.find(view, id, scope)
        return found.row if found else None

    async def find(self, view: View[Row], id: str, scope: Scope) -> Found[Row] | None:  # noqa: A002
        """The row with its revision and institution."""
        sight = _Sight(view.name, scope.institutions, id)
        return (await self._gathering.get([sight])).get(sight)

    async def get_many(self, view: View[Row], ids: Iterable[str], scope: Scope) -> dict[str, Row]:
        """Rows by id; absent ones and those out of scope are left out."""
        sights = [_Sight(view.name, scope.institutions, id_) for id_ in dict.fromkeys(ids)]
        if not sights:
            return {}
        found = await self._gathering.get(sights)
        return {sight.id: found[sight].row for sight in sights if sight in found}

    async def list(
        self,
        view: View[Row],
        scope: Scope,
        *,
        owner: str | None = None,
        institution: str | None = None,
        first_rank: str | None = None,
        last_rank: str | None = None,
        after: After | None = None,
        limit: int = 50,
        descending: bool = False,
    ) -> tuple[builtins.list[Row], After | None]:
        """A page ordered by (rank, id), and where the next one begins (None: this was the last).

        `first_rank` and `last_rank` are inclusive bounds; `after` is what the previous page returned.
        """
        c = self._tables.rows.c
        place = sa.tuple_(c.rank, c.id)
        conditions = [
            column == value for column, value in ((c.owner, owner), (c.institution, institution)) if value is not None
        ]
        if first_rank is not None:
            conditions.append(c.rank >= first_rank)
        if last_rank is not None:
            conditions.append(c.rank <= last_rank)
        if after is not None:
            start = sa.tuple_(*(sa.literal(part) for part in after))
            conditions.append(place < start if descending else place > start)
        order = (c.rank.desc(), c.id.desc()) if descending else (c.rank, c.id)
        rows = await self._ranked(view, scope, conditions, order, limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        return [each.row for _, each in rows[:limit]], (last[0], last[1].id) if last else None

    async def wait(self, channel: str, position: int, seconds: float) -> bool:
        """Whether this projection folded the channel's log up to `position` within `seconds`. For log-fed ones."""
        log = channel.partition("/")[0]

        async def reached() -> bool:
            if position <= 0 or self._progress.reached(log, position):
                return True
            return any(offsets.get(log, 0) >= position for offsets in await self._offsets())

        return await self._until(reached, seconds)

    async def wait_row(
        self,
        view: View[Row],
        id: str,  # noqa: A002
        predicate: Callable[[Row | None], bool],
        seconds: float,
        scope: Scope,
    ) -> Row | None:
        """The row as soon as the predicate holds, or as it is when `seconds` are over (ask the predicate again)."""
        latest: builtins.list[Row | None] = [None]

        async def holds() -> bool:
            latest[0] = await self.get(view, id, scope)
            return predicate(latest[0])

        await self._until(holds, seconds)
        return latest[0]

    async def parked(self, key: str) -> bool:
        """Whether deliveries of this key wait for an operator: its rows are behind and stay so."""
        query = sa.select(sa.literal(1)).where(sa.exists().where(self._tables.parked.c.key == key))
        async with self._database.read() as connection:
            return await connection.scalar(query) is not None

    async def timeline(
        self, key: str, scope: Scope, *, before: tuple[Any, str, int] | None = None, limit: int = 100
    ) -> builtins.list[TimelineEvent]:
        """A key's events, latest `occurred_at` first, before (occurred_at, channel, position) when given."""
        c = self._timeline.c
        conditions: builtins.list[Any] = []
        if before is not None:
            start = (sa.literal(microseconds(before[0])), sa.literal(before[1]), sa.literal(before[2]))
            conditions.append(sa.tuple_(c.occurred_at, c.channel, c.position) < sa.tuple_(*start))
        order = (c.occurred_at.desc(), c.channel.desc(), c.position.desc())
        return await self._events(key, scope, conditions, order, limit)

    async def history(self, key: str, scope: Scope) -> builtins.list[TimelineEvent]:
        """Every event of a key, each channel in order of position."""
        c = self._timeline.c
        return await self._events(key, scope, [], (c.channel, c.position), None)

    @property
    def _timeline(self) -> sa.Table:
        if self._tables.timeline is None:
            raise ValueError(f"projection {self._projection.name} keeps no timeline")
        return self._tables.timeline

    async def _seen(self, sights: Sequence[_Sight]) -> dict[_Sight, Found[Any]]:
        """What callers asked for at the same time: one transaction for each scope, which sees no other's rows."""
        views = {view.name: view for view in self._projection.views}
        groups: dict[tuple[str, frozenset[str] | None], builtins.list[_Sight]] = {}
        for sight in sights:
            groups.setdefault(sight[:2], []).append(sight)
        found: dict[_Sight, Found[Any]] = {}
        for (name, institutions), group in groups.items():
            among = self._tables.rows.c.id.in_([sight.id for sight in group])
            rows = await self._ranked(views[name], group[0], [among], (), None)
            found |= {_Sight(name, institutions, each.id): each for _, each in rows}
        return found

    async def _ranked(
        self, view: View[Row], scope: Scope, conditions: Iterable[Any], order: Iterable[Any], limit: int | None
    ) -> builtins.list[tuple[str, Found[Row]]]:
        c = self._tables.rows.c
        query = (
            sa.select(c.id, c.data, c.revision, c.institution, c.rank)
            .where(c.view == view.name, *conditions, *self._visible(scope))
            .order_by(*order)
            .limit(limit)
        )
        async with self._database.read() as connection:
            await restrict(self._database, connection, scope.institutions)
            rows = (await connection.execute(query)).all()
        return [
            (rank, Found(id_, decode_row(view, bytes(data)), revision, institution))
            for id_, data, revision, institution, rank in rows
        ]

    async def _events(
        self, key: str, scope: Scope, conditions: Iterable[Any], order: Iterable[Any], limit: int | None
    ) -> builtins.list[TimelineEvent]:
        table, rows = self._timeline, self._tables.rows
        visible = self._visible(scope)
        if visible:
            # A history moves with its key: whoever may see the key's row in the first view may see its events.
            owner = (rows.c.view == self._projection.views[0].name, rows.c.id == table.c.key)
            visible = [sa.exists().where(*owner, *visible)]
        query = sa.select(table).where(table.c.key == key, *conditions, *visible).order_by(*order).limit(limit)
        async with self._database.read() as connection:
            await restrict(self._database, connection, scope.institutions)
            found = (await connection.execute(query)).mappings().all()
        return [_event(each) for each in found]

    def _visible(self, scope: Scope) -> builtins.list[Any]:
        if scope.institutions is None:
            return []
        column = self._tables.rows.c.institution
        # "" marks rows that belong to no institution, whatever a token claims.
        return [column.in_(sorted((scope.institutions | {"*"}) - {""}))]

    async def _offsets(self) -> builtins.list[Offsets]:
        async with self._database.read() as connection:
            rows = await connection.scalars(sa.select(self._tables.cursors.c.offsets))
            return [msgspec.json.decode(row, type=Offsets) for row in rows]

    async def _until(self, holds: Callable[[], Any], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while True:
            changed = self._progress.changed()
            if await holds():
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            # Beside the projector its saves wake us; another replica's have to be looked for.
            pause = _POLL_BESIDE_PROJECTOR if self._progress.live else _POLL
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, pause)):
                    await changed.wait()


def _event(row: sa.RowMapping) -> TimelineEvent:
    values = dict(row)
    values["occurred_at"], values["recorded_at"] = moment(row["occurred_at"]), moment(row["recorded_at"])
    values["data"], values["meta"] = bytes(row["data"]), bytes(row["meta"])
    return TimelineEvent(**values)
