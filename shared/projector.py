"""The exactly-once projector: a component that folds a feed into a projection's rows.

    projection = Projection("customer_views", 1, (account_view, customer_view))
    store = open_store(projection, database)                      # shared.stores
    feed = LogFeed([log], codec)                                  # or the Kafka feed
    projector = Projector(projection, store, feed, codec)
    views = ViewStore(projection, database, projector.progress)   # shared.views: reads, and read-your-writes

    await projector.run()            # a component: until cancelled, finishes the batch it is saving
    while await projector.step():    # or by hand, to catch up in a rebuild or a test
        pass

One batch is one transaction: cursors move by compare-and-set, rows and timeline are written, failing keys are parked.
Whoever was overtaken (`fenced`) forgets what it held, reads its cursors again and seeks. An event that cannot be folded
parks its key, and later events of that key queue behind it (shared.parking lists and retries them). Infrastructure
errors are retried with back-off and never park; `SchemaTooNew` ends `run`.

A row should be touched by events of one key only, or of one partition: workers that share a row fence each other.
`on_saved` gets the (view name, row id) pairs of each saved batch and the deliveries that it folded or parked.
`metrics` are plain numbers for whoever exports them.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec

from shared.codec import Codec, SchemaTooNew
from shared.envelope import Envelope
from shared.feed import Batch, Delivery, Feed
from shared.folding import Folding, Held, Routed, decode_row, route, wanted
from shared.progress import Progress
from shared.projection import Projection
from shared.projection_store import Change, Cursor, Move, ProjectionStore, RowChange, RowKey
from shared.row_cache import RowCache

_log = logging.getLogger("guanxi.projector")
T = TypeVar("T")


class Limits(msgspec.Struct, frozen=True):
    """How much at once. Times in seconds; a longer `turn` makes HTTP in the same process wait longer."""

    batch: int = 500
    turn: float = 0.02
    wait: float = 1.0
    cache: int = 10_000
    backoff: float = 0.1
    longest_backoff: float = 10.0


class Metrics(msgspec.Struct):
    """Counters since the start, and how the projector stands now. Ages in seconds.

    `positioned` rises whenever reading begins anew: at the start, after a rebalance, a failure or a fence.
    """

    positioned: int = 0
    batches: int = 0
    events: int = 0
    repeated: int = 0
    parked: int = 0
    fenced: int = 0
    errors: int = 0
    batch_seconds: float = 0.0
    batch_events: int = 0
    lag_seconds: float = 0.0
    lag_events: int = 0
    failing_since: float | None = None


@runtime_checkable
class Lagging(Protocol):
    """A feed that knows how far it is behind."""

    async def lag(self) -> int:
        """How many events are not delivered yet."""
        ...


class Projector:
    """Folds a feed into a store until cancelled. One task; any number of replicas may own the same partitions."""

    def __init__(
        self,
        projection: Projection,
        store: ProjectionStore,
        feed: Feed,
        codec: Codec,
        *,
        limits: Limits | None = None,
        on_saved: Callable[[Sequence[RowKey], Sequence[Delivery]], None] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = f"{projection.name}-projector"
        self.progress = Progress()
        self.metrics = Metrics()
        self._projection = projection
        self._store = store
        self._feed = feed
        self._codec = codec
        self._limits = limits or Limits()
        self._on_saved = on_saved
        self._clock = clock
        self._views = {view.name: view for view in projection.views}
        self._cursors: dict[int, Cursor] = {}
        self._cache = RowCache(self._limits.cache)
        self._ready = False
        self._lag_read = 0.0

    async def run(self) -> None:
        """Fold until cancelled. Raises only `SchemaTooNew`: newer code wrote an event, upgrade this one."""
        failures = 0
        try:
            while True:
                try:
                    await self.step(self._limits.wait)
                    failures, self.metrics.failing_since = 0, None
                except SchemaTooNew as error:
                    _log.critical("%s stops: %s. Upgrade this service; nothing was lost.", self.name, error)
                    raise
                except Exception:
                    failures += 1
                    self._failed()
                    await asyncio.sleep(self._pause(failures))
        finally:
            self._ready = False
            await self._feed.stop()

    async def step(self, seconds: float = 0.0) -> int:
        """Fold one batch, waiting up to `seconds` for it; how many events it moved past, 0 when there were none.

        Raises what the feed or the store raise; the next step begins where the last saved batch ended.
        """
        try:
            return await self._step(seconds)
        except BaseException:
            self._forget()
            raise

    @property
    def assigned(self) -> frozenset[int]:
        """The partitions that are folded here now."""
        return self._feed.assigned()

    async def check(self) -> None:
        """Readiness: raises RuntimeError while batches fail."""
        if self.metrics.failing_since is not None:
            raise RuntimeError(f"{self.name} fails since {time.monotonic() - self.metrics.failing_since:.0f} s")

    async def _step(self, seconds: float) -> int:
        if not self._ready:
            await self._store.prepare()
            await self._feed.start()
            self._ready = True
        await self._position()
        batch = await self._feed.poll(self._limits.batch, seconds)
        if not batch.offsets:
            await self._measure(0, None)
            return 0
        started = time.perf_counter()
        fresh = self._fresh(batch)
        folding, rows = await self._fold(fresh)
        saved = await _finish(self._store.save(self._change(batch, folding, rows)))
        if not saved:
            await self._fenced()
            return sum(map(len, batch.deliveries.values()))
        self._advance(batch, folding)
        if self._on_saved and rows:
            self._on_saved([(row.view, row.id) for row in rows], [each.delivery for each in fresh])
        count = sum(map(len, batch.deliveries.values()))
        self.metrics.repeated += count - len(fresh)
        self.metrics.batch_seconds = time.perf_counter() - started
        await self._measure(count, fresh[-1].delivery if fresh else None)
        return max(count, 1)

    async def _position(self) -> None:
        assigned, unpositioned = self._feed.assigned(), self._feed.unpositioned()
        if unpositioned or self._cursors.keys() - assigned:
            # Rows of a partition that left may be changed by its new owner before it comes back.
            self._cache.clear()
            self._cursors = {p: cursor for p, cursor in self._cursors.items() if p in assigned - unpositioned}
        missing = assigned - self._cursors.keys() | unpositioned
        if missing:
            cursors = await self._store.cursors(missing)
            await self._feed.seek({partition: cursor.offsets for partition, cursor in cursors.items()})
            self._cursors |= cursors
            self.metrics.positioned += 1

    def _fresh(self, batch: Batch) -> list[Routed]:
        """Deliveries in order of partition, without those that were folded before: a relay may publish twice."""
        fresh: list[Routed] = []
        for partition in sorted(batch.deliveries):
            seen = dict(self._cursors[partition].seen)
            for delivery in batch.deliveries[partition]:
                if delivery.position > seen.get(delivery.channel, 0):
                    seen[delivery.channel] = delivery.position
                    fresh.append(route(self._projection, partition, delivery))
        return fresh

    async def _fold(self, fresh: Sequence[Routed]) -> tuple[Folding, list[RowChange]]:
        held = await self._hold(wanted(fresh))
        parked = frozenset[str]().union(*(cursor.parked for cursor in self._cursors.values()))
        folding = Folding(self._projection, self._codec, held, parked, self._clock())
        await self._apply(folding, fresh)
        try:
            return folding, folding.changes()
        except Exception:
            folding = Folding(self._projection, self._codec, held, parked, self._clock(), checked=True)
            await self._apply(folding, fresh)
            return folding, folding.changes()

    async def _apply(self, folding: Folding, fresh: Iterable[Routed]) -> None:
        turn = time.perf_counter() + self._limits.turn
        for routed in fresh:
            folding.apply(routed)
            if time.perf_counter() > turn:
                await asyncio.sleep(0)
                turn = time.perf_counter() + self._limits.turn

    async def _hold(self, keys: set[RowKey]) -> dict[RowKey, Held]:
        held = {key: row for key in keys if (row := self._cache.get(key)) is not None}
        missing = sorted(keys - held.keys())
        if not missing:
            return held
        ids: dict[str, list[str]] = {}
        for view, id_ in missing:
            ids.setdefault(view, []).append(id_)
        stored = await self._store.load(ids)
        for key in missing:
            row = stored.get(key)
            held[key] = Held(decode_row(self._views[key[0]], row.data), row.revision) if row else Held()
        return held

    def _change(self, batch: Batch, folding: Folding, rows: Sequence[RowChange]) -> Change:
        moves = [
            Move(partition, (cursor := self._cursors[partition]).revision, offsets, _seen(cursor, batch, partition))
            for partition, offsets in sorted(batch.offsets.items())
        ]
        return Change(tuple(moves), tuple(rows), tuple(folding.timeline), tuple(folding.parked))

    def _advance(self, batch: Batch, folding: Folding) -> None:
        for partition, offsets in batch.offsets.items():
            cursor = self._cursors[partition]
            parked = {parked.key for parked in folding.parked if parked.partition == partition}
            self._cursors[partition] = Cursor(
                offsets, cursor.revision + 1, _seen(cursor, batch, partition), cursor.parked | parked
            )
        self._cache.put(folding.rows())
        self.metrics.parked += len(folding.parked)
        self.progress.saved(batch.offsets)

    async def _fenced(self) -> None:
        self.metrics.fenced += 1
        self._forget()
        # Workers that own the same partition must not stay in step.
        await asyncio.sleep(random.random() * 0.01)

    def _forget(self) -> None:
        """Hold nothing: the next step reads its cursors again and seeks."""
        self._cache.clear()
        self._cursors.clear()

    def _failed(self) -> None:
        self.metrics.errors += 1
        self.metrics.failing_since = self.metrics.failing_since or time.monotonic()
        _log.warning("%s failed and tries again", self.name, exc_info=True)

    def _pause(self, failures: int) -> float:
        longest = min(self._limits.backoff * 2 ** min(failures - 1, 20), self._limits.longest_backoff)
        return longest * (0.5 + random.random() / 2)

    async def _measure(self, count: int, last: Delivery | None) -> None:
        metrics = self.metrics
        if count:
            metrics.batches += 1
            metrics.events += count
            metrics.batch_events = count
        now = time.monotonic()
        if isinstance(self._feed, Lagging) and now - self._lag_read >= 1.0:
            self._lag_read, metrics.lag_events = now, await self._feed.lag()
        behind = count >= self._limits.batch or metrics.lag_events > 0
        if not behind or not count:
            metrics.lag_seconds = 0.0
        elif isinstance(last, Envelope):
            metrics.lag_seconds = max(0.0, (self._clock() - last.recorded_at).total_seconds())


def _seen(cursor: Cursor, batch: Batch, partition: int) -> dict[str, int]:
    seen = dict(cursor.seen)
    for delivery in batch.deliveries.get(partition, ()):
        seen[delivery.channel] = max(delivery.position, seen.get(delivery.channel, 0))
    return seen


async def _finish(work: Coroutine[Any, Any, T]) -> T:
    """Await the work to its end even when cancelled, and only then be cancelled: no batch is left in doubt."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
