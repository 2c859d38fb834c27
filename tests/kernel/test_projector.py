"""The projector beside its store: parking, fences, faults of the infrastructure, cancellation."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.auth import WHOLE_BANK
from shared.codec import Codec, SchemaTooNew
from shared.database import Database
from shared.feed import Poison
from shared.feed_log import LogFeed
from shared.log import LogUnavailable
from shared.log_memory import MemoryEventLog
from shared.parking import Parking, Retried
from shared.projection import Index, Projection, View
from shared.projection_store import Change, Move, ProjectionStore
from shared.projector import Limits, Projector
from shared.stores import open_store
from shared.views import ViewStore
from support.ledger import CODEC, Account, Broken, Fold, LedgerContract, Posted, append, envelope
from support.logs import sqlite_url
from support.scripted_feed import ScriptedFeed

FAST = Limits(wait=0.02, backoff=0.001, longest_backoff=0.01)


class Bench:
    """A ledger log, its projector and its rows."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.log = MemoryEventLog("ledger")
        self.fold = Fold()
        self.store = open_store(self.fold.projection, database)
        self.saved: list[list[tuple[str, str]]] = []
        self.projector = self.another()
        self.views = ViewStore(self.fold.projection, database, self.projector.progress)

    def another(self, store: ProjectionStore | None = None, codec: Codec = CODEC) -> Projector:
        feed = LogFeed([self.log], codec)
        saved = self.saved
        return Projector(
            self.fold.projection,
            store or self.store,
            feed,
            codec,
            limits=FAST,
            on_saved=lambda rows, _: saved.append(list(rows)),
        )

    async def post(self, *events: tuple[str, Any]) -> None:
        await append(self.log, *events)

    async def drain(self) -> None:
        while await self.projector.step():
            pass

    async def row(self, key: str) -> Account | None:
        return await self.views.get(self.fold.view, key, WHOLE_BANK)

    async def expected(self, key: str, *positions: int) -> Account:
        records = [each for each in await self.log.read(0, 1_000) if each.position in positions]
        return self.fold.reference(CODEC.decode(each) for each in records)[key]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database.open(sqlite_url(tmp_path), pool=2)
    yield opened
    await opened.close()


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)


async def test_rows_follow_the_log(bench: Bench) -> None:
    await bench.post(("cus_1", Posted("cus_1", 5)), ("cus_2", Posted("cus_2", 7)), ("cus_1", Posted("cus_1", 1)))
    await bench.drain()
    assert await bench.row("cus_1") == await bench.expected("cus_1", 1, 3)
    assert await bench.row("cus_2") == await bench.expected("cus_2", 2)
    assert bench.saved == [[("account", "cus_1"), ("account", "cus_2")]]
    assert (bench.projector.metrics.events, bench.projector.metrics.batches) == (3, 1)


async def test_a_failing_event_parks_its_key_and_the_others_go_on(bench: Bench) -> None:
    await bench.post(("cus_1", Posted("cus_1", 5)), ("cus_1", Broken("cus_1")), ("cus_2", Posted("cus_2", 7)))
    await bench.drain()
    await bench.post(("cus_1", Posted("cus_1", 1)), ("cus_2", Posted("cus_2", 1)))
    await bench.drain()
    assert await bench.row("cus_1") == await bench.expected("cus_1", 1)
    assert await bench.row("cus_2") == await bench.expected("cus_2", 3, 5)
    assert [each.position for each in await bench.store.parked("cus_1")] == [2, 4]
    assert [each.position for each in await bench.views.history("cus_1", WHOLE_BANK)] == [1]
    assert await bench.views.parked("cus_1")
    assert not await bench.views.parked("cus_2")


async def test_a_parked_key_is_remembered_by_the_next_process(bench: Bench) -> None:
    await bench.post(("cus_1", Broken("cus_1")))
    await bench.drain()
    await bench.post(("cus_1", Posted("cus_1", 1)))
    await bench.another().step()
    assert [each.position for each in await bench.store.parked("cus_1")] == [1, 2]
    assert await bench.row("cus_1") is None


async def test_what_went_wrong_is_told_without_what_the_event_said(bench: Bench) -> None:
    await bench.post(("cus_1", Broken("cus_1")))
    await bench.drain()
    (key,) = await bench.store.parked_keys(10)
    assert key.error.startswith("ZeroDivisionError at ledger.py:")
    assert "secret" not in key.error


async def test_a_retry_applies_what_waits_in_order_and_frees_the_key(bench: Bench) -> None:
    await bench.post(("cus_1", Posted("cus_1", 5)), ("cus_1", Broken("cus_1")), ("cus_1", Posted("cus_1", 1)))
    await bench.drain()
    bench.fold.repaired = True
    assert await Parking(bench.store, CODEC).retry("cus_1") == Retried(2, 0)
    await bench.post(("cus_1", Posted("cus_1", 9)))
    await bench.drain()
    assert await bench.row("cus_1") == await bench.expected("cus_1", 1, 2, 3, 4)
    assert bench.projector.metrics.fenced == 1
    assert [each.position for each in await bench.views.history("cus_1", WHOLE_BANK)] == [1, 2, 3, 4]
    assert await bench.store.parked_keys(10) == []


async def test_a_retry_stops_at_the_first_that_still_fails(bench: Bench) -> None:
    await bench.post(("cus_1", Broken("cus_1")), ("cus_1", Posted("cus_1", 1)))
    await bench.drain()
    retried = await Parking(bench.store, CODEC).retry("cus_1")
    assert (retried.applied, retried.remaining, retried.error.partition(" ")[0]) == (0, 2, "ZeroDivisionError")
    assert [each.position for each in await bench.store.parked("cus_1")] == [1, 2]
    assert await Parking(bench.store, CODEC).retry("cus_2") == Retried(0, 0)


async def test_a_long_queue_drains_in_parts(bench: Bench) -> None:
    await bench.post(("cus_1", Broken("cus_1")), *(("cus_1", Posted("cus_1", n)) for n in range(6)))
    await bench.drain()
    bench.fold.repaired = True
    assert await Parking(bench.store, CODEC, limit=3).retry("cus_1") == Retried(7, 0)
    assert await bench.row("cus_1") == await bench.expected("cus_1", *range(1, 8))


async def test_a_retry_beside_a_busy_projector_loses_nothing(bench: Bench) -> None:
    await bench.post(("cus_1", Broken("cus_1")))
    await bench.drain()
    bench.fold.repaired = True
    running = asyncio.create_task(bench.projector.run())
    for n in range(30):
        await bench.post(("cus_1", Posted("cus_1", n)), ("cus_2", Posted("cus_2", n)))
        if n == 15:
            await Parking(bench.store, CODEC).retry("cus_1")
        await asyncio.sleep(0)
    assert await bench.views.wait("ledger/entry", 61, 5)
    await stop(running)
    await Parking(bench.store, CODEC).retry("cus_1")
    assert await bench.row("cus_1") == await bench.expected("cus_1", *range(1, 62, 2), *range(2, 61, 2))


async def test_undecodable_bytes_park_their_key(bench: Bench) -> None:
    poison = Poison("ledger/entry", 2, "cus_1", b"{not json", "entry.posted v1: DecodeError")
    feed = ScriptedFeed({0: [envelope("cus_1", 1), poison, envelope("cus_1", 3)]})
    projector = Projector(bench.fold.projection, bench.store, feed, CODEC)
    while await projector.step():
        pass
    assert [(each.position, each.error) for each in await bench.store.parked("cus_1")] == [
        (2, "entry.posted v1: DecodeError"),
        (3, ""),
    ]
    assert (await Parking(bench.store, CODEC).retry("cus_1")).remaining == 2


async def test_a_row_that_cannot_be_stored_parks_the_event_that_made_it(bench: Bench) -> None:
    def evolve(row: Account | None, id_: str, event: Any) -> Account:
        return Account("ins\0a" if event.data.amount == 13 else "ins_a", event.data.amount)

    view: View[Account] = View("account", Account, lambda e: (e.key,), evolve, lambda row: Index("", row.institution))
    store = open_store(Projection("fragile", 1, (view,)), bench.database)
    await bench.post(*((f"cus_{n}", Posted("", 13 if n == 2 else 1)) for n in range(4)))
    projector = Projector(store.projection, store, LogFeed([bench.log], CODEC), CODEC)
    await projector.step()
    assert [(each.key, each.error.partition(" ")[0]) for each in await store.parked_keys(9)] == [
        ("cus_2", "ValueError")
    ]
    assert len(await store.load({"account": [f"cus_{n}" for n in range(4)]})) == 3


async def test_whoever_was_overtaken_forgets_and_reads_again(bench: Bench) -> None:
    await bench.post(("cus_1", Posted("cus_1", 5)))
    await bench.drain()
    await bench.post(("cus_1", Posted("cus_1", 1)))
    other = bench.another()
    await other.step()
    await bench.post(("cus_1", Posted("cus_1", 2)))
    await bench.drain()
    assert bench.projector.metrics.fenced == 1
    assert await bench.row("cus_1") == await bench.expected("cus_1", 1, 2, 3)


async def test_partitions_that_leave_and_come_back_are_positioned_anew(bench: Bench) -> None:
    pages = {number: [envelope(f"cus_{number}", n) for n in range(1, 21)] for number in range(2)}
    one, two = ScriptedFeed(pages, 1), ScriptedFeed(pages, 2)
    two.assign(set())
    limits = Limits(batch=3)
    workers = [Projector(bench.fold.projection, bench.store, feed, CODEC, limits=limits) for feed in (one, two)]
    for turn in range(40):
        one.assign({0, 1} if turn % 3 else {0})
        two.assign(set() if turn % 3 else {1})
        for worker in workers:
            await worker.step()
    rows = await bench.views.get_many(bench.fold.view, ["cus_0", "cus_1"], WHOLE_BANK)
    assert rows == bench.fold.reference([*pages[0], *pages[1]])


class Failing:
    """A store that cannot be reached for a while."""

    def __init__(self, store: ProjectionStore, failures: int, error: Exception) -> None:
        self._store, self._failures, self._error = store, failures, error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def save(self, change: Change) -> bool:
        if self._failures:
            self._failures -= 1
            raise self._error
        return await self._store.save(change)


@pytest.mark.parametrize("error", [LogUnavailable("full"), OSError("reset"), TimeoutError(), RuntimeError("a bug")])
async def test_faults_of_the_infrastructure_are_retried_and_park_nothing(bench: Bench, error: Exception) -> None:
    await bench.post(("cus_1", Posted("cus_1", 5)))
    await bench.store.prepare()
    projector = bench.another(Failing(bench.store, 3, error))  # type: ignore[arg-type]
    running = asyncio.create_task(projector.run())
    assert await bench.views.wait("ledger/entry", 1, 5)
    await stop(running)
    assert await bench.row("cus_1") == await bench.expected("cus_1", 1)
    assert await bench.store.parked_keys(10) == []
    assert projector.metrics.errors == 3


async def test_a_projector_that_keeps_failing_is_not_ready(bench: Bench) -> None:
    await bench.post(("cus_1", Posted("cus_1", 5)))
    projector = bench.another(Failing(bench.store, 1_000_000, OSError("reset")))  # type: ignore[arg-type]
    await bench.store.prepare()
    await projector.check()
    running = asyncio.create_task(projector.run())
    assert not await bench.views.wait("ledger/entry", 1, 0.1)
    with pytest.raises(RuntimeError, match="fails since"):
        await projector.check()
    await stop(running)


async def test_a_schema_from_the_future_ends_the_projector(bench: Bench) -> None:
    class Older(LedgerContract):
        EVENTS = (("entry.posted", 0, Posted, "entry"),)

    await bench.post(("cus_1", Posted("cus_1", 5)))
    with pytest.raises(SchemaTooNew, match=r"entry\.posted has schema 1"):
        await bench.another(codec=Codec([Older()])).run()
    assert await bench.store.parked_keys(10) == []


async def test_cancelling_finishes_the_batch_that_is_being_saved(bench: Bench) -> None:
    saving = asyncio.Event()

    class Slow(Failing):
        async def save(self, change: Change) -> bool:
            saving.set()
            await asyncio.sleep(0.05)
            return await super().save(change)

    await bench.post(("cus_1", Posted("cus_1", 5)))
    running = asyncio.create_task(bench.another(Slow(bench.store, 0, OSError())).run())  # type: ignore[arg-type]
    await saving.wait()
    await stop(running)
    assert await bench.row("cus_1") == await bench.expected("cus_1", 1)


async def test_http_gets_its_turn_while_a_long_batch_is_folded(bench: Bench) -> None:
    turns = 0

    async def http() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def slow(row: Account | None, id_: str, event: Any) -> Account:
        nonlocal seen
        seen = turns if seen is None else seen
        for _ in range(20_000):
            pass
        return Account("ins_a", turns)

    seen: int | None = None
    view: View[Account] = View("account", Account, lambda e: (e.key,), slow, lambda row: Index())
    store = open_store(Projection("slow", 1, (view,)), bench.database)
    await bench.post(*((f"cus_{n}", Posted("", 1)) for n in range(100)))
    projector = Projector(store.projection, store, LogFeed([bench.log], CODEC), CODEC, limits=Limits(turn=0.001))
    other = asyncio.create_task(http())
    await projector.step()
    await stop(other)
    last = await ViewStore(store.projection, bench.database).get(view, "cus_99", WHOLE_BANK)
    assert last is not None
    assert seen is not None
    assert last.total > seen


async def test_lag_is_told_in_events_and_seconds(bench: Bench) -> None:
    await bench.post(*(("cus_1", Posted("cus_1", n)) for n in range(10)))
    feed = LogFeed([bench.log], CODEC)
    projector = Projector(bench.fold.projection, bench.store, feed, CODEC, limits=Limits(batch=4))
    await projector.step()
    assert projector.metrics.lag_events == 6
    assert projector.metrics.lag_seconds > 0
    while await projector.step():
        pass
    assert projector.metrics.lag_seconds == 0


async def test_a_rows_revision_rises_with_every_save(bench: Bench) -> None:
    for amount in (1, 2):
        await bench.post(("cus_1", Posted("cus_1", amount)))
        await bench.drain()
    found = await bench.views.find(bench.fold.view, "cus_1", WHOLE_BANK)
    assert found is not None
    assert found.revision == 2


async def test_a_cursor_moves_past_what_concerns_nobody(bench: Bench) -> None:
    await bench.store.prepare()
    assert (await bench.store.cursors([0]))[0].revision == 0
    assert await bench.store.save(Change((Move(0, 0, {"ledger": 4}, {}),)))
    assert await bench.views.wait("ledger/note", 4, 0)


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
