"""A projection version built anew from the logs, beside the one that is read; it publishes nothing while it is built.

    rebuild = Rebuild(projection, database, logs, codec)
    await rebuild.begin(anew=False)
    noted = …                                  # a partitioned feed's end offsets, before anything is folded
    await rebuild.fold(told)
    if not await rebuild.differences():
        await hand_over(rebuild.store, noted, partition)      # only where live workers read a partitioned feed
        await rebuild.finish()

A build that was cut off goes on where it stopped.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any

from shared.codec import Codec, Undecodable
from shared.database import Database
from shared.envelope import Envelope
from shared.feed_log import PARTITION, LogFeed
from shared.log import LogReader
from shared.projection import Projection
from shared.projection_export import ProjectionExport
from shared.projection_store import Cursor
from shared.projector import Limits, Projector
from shared.stores import open_store
from shared.verification import Difference, ProjectionCheck, Snapshot

LARGE = Limits(batch=20_000, cache=500_000)
PAGE = 10_000


class CannotRebuild(Exception):
    """Somebody reads or folds these tables; the message says what to do. Nothing was emptied."""


class Live(CannotRebuild):
    """The version is the one that is read already."""


class Rebuild:
    """One build of one projection version.

    Args:
        logs: where its events are read, to their heads.
        topics: the short topics that it folds; None for all.
        row_seen: as in `ProjectionCheck`.
    """

    def __init__(
        self,
        projection: Projection,
        database: Database,
        logs: Sequence[LogReader],
        codec: Codec,
        *,
        topics: Collection[str] | None = None,
        row_seen: Callable[[Any], Mapping[str, int]] | None = None,
    ) -> None:
        self.projection = projection
        self.store = open_store(projection, database)
        self._export = ProjectionExport(projection, database)
        self._feed = LogFeed(logs, codec, topics)
        self._logs = {log.name: log for log in logs}
        self._codec = codec
        self._row_seen = row_seen

    async def begin(self, *, anew: bool) -> int:
        """Make the tables ready, empty with `anew`; the version that is read now. Raises `CannotRebuild`.

        With `anew` the caller has made sure that nobody folds this version.
        """
        await self.store.prepare()
        live = await self.store.active()
        cursors = await self.store.all_cursors()
        if anew:
            await self.store.empty()
        elif any(cursor.offsets for cursor in cursors.values()):
            if live == self.projection.version:
                raise Live(f"version {live} of {self.projection.name} is live already: --anew folds it from the start")
            if not self._ours(cursors):
                raise CannotRebuild(
                    f"workers have begun version {self.projection.version} of {self.projection.name} by themselves: "
                    "stop them, and give --anew"
                )
        return live

    async def fold(self, told: Callable[[int], None]) -> int:
        """Fold the logs to their heads; how many events. `told` gets how many are left. Raises `CannotRebuild`."""
        projector = Projector(self.projection, self.store, self._feed, self._codec, limits=LARGE)
        while await projector.step():
            if projector.metrics.fenced:
                raise CannotRebuild(
                    f"somebody else folds version {self.projection.version} of {self.projection.name} at the same "
                    "time: stop its workers, and give --anew"
                )
            told(await self._feed.lag())
        if not self._ours(await self.store.all_cursors()):
            raise CannotRebuild("workers of the new version were started too early: stop them, and give --anew")
        return projector.metrics.events

    async def differences(self) -> list[Difference]:
        """What is not what a second, plain fold of the logs gives. Called before anything is handed over."""
        reached = (await self.store.all_cursors()).get(PARTITION, Cursor())
        rows = {(state.view, state.id): state.data async for state in self._export.states()}
        parked = frozenset([(place.channel, place.position) async for place in self._export.parked()])
        timeline = None
        if self.projection.timeline:
            timeline = frozenset([(place.channel, place.position) async for place in self._export.timeline()])
        snapshot = Snapshot(rows, {PARTITION: reached.seen}, timeline, parked)
        check = ProjectionCheck(self.projection, snapshot, lambda _: PARTITION, self._row_seen)
        for log, position in reached.offsets.items():
            async for envelope in self._events(self._logs[log], position):
                check.take(envelope)
        lost = [Difference("timeline", f"{channel}:{position}", "absent") for channel, position in check.missing]
        return lost + check.differences()

    async def finish(self) -> None:
        """Make this the version that is read; the one before keeps its tables."""
        await self.store.analyse()
        await self.store.activate()

    async def _events(self, log: LogReader, last: int) -> AsyncIterator[Envelope]:
        after = 0
        while after < last and (page := await log.read(after, min(PAGE, last - after))):
            for record in page:
                try:
                    yield self._codec.decode(record)
                except Undecodable:
                    continue
            after = page[-1].position

    def _ours(self, cursors: Mapping[int, Cursor]) -> bool:
        """Whether only a fold of the logs has moved them."""
        return all(
            not cursor.offsets or (number == PARTITION and cursor.offsets.keys() <= self._logs.keys())
            for number, cursor in cursors.items()
        )
