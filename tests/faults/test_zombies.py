"""Three workers that all believe they own one partition, pausing, dying and losing their connections at random."""

import asyncio
import random
from typing import Any

import asyncpg
import msgspec
import pytest

from shared.database import Database
from shared.projection_store import Change, ProjectionStore
from shared.projector import Limits, Projector
from shared.stores import open_store
from support.ledger import CODEC, Account, Broken, Fold, envelope
from support.scripted_feed import TOPIC, ScriptedFeed

pytestmark = pytest.mark.postgres
EVENTS, KEYS, WORKERS, POISONED = 3_000, 40, 3, "cus_7"
LIMITS = Limits(batch=60, wait=0.0, backoff=0.001, longest_backoff=0.01)


class Died(Exception):
    """A worker's process ends here."""


class Deadly:
    """A store whose user sleeps before a save, and dies before or after it."""

    def __init__(self, store: ProjectionStore, fate: random.Random) -> None:
        self._store, self._fate = store, fate

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def save(self, change: Change) -> bool:
        await asyncio.sleep(self._fate.random() * 0.01)
        if self._fate.random() < 0.05:
            raise Died
        saved = await self._store.save(change)
        if self._fate.random() < 0.05:
            raise Died
        return saved


async def worker(store: ProjectionStore, events: list[Any], seed: int, tally: dict[str, int]) -> None:
    fate = random.Random(seed)
    feed = ScriptedFeed({0: events}, seed)
    projector = Projector(store.projection, Deadly(store, fate), feed, CODEC, limits=LIMITS)  # type: ignore[arg-type]
    while (await reach(store)) < len(events):
        try:
            await projector.step()
        except Exception as error:
            tally["died" if isinstance(error, Died) else "cut off"] += 1
            tally["fenced"] += projector.metrics.fenced
            await feed.stop()
            projector = Projector(store.projection, Deadly(store, fate), feed, CODEC, limits=LIMITS)  # type: ignore[arg-type]
    tally["fenced"] += projector.metrics.fenced


async def reach(store: ProjectionStore) -> int:
    while True:
        try:
            cursor = (await store.cursors([0]))[0]
        except Exception:  # the connection was cut: look again
            await asyncio.sleep(0.001)
        else:
            return cursor.offsets.get(TOPIC, 0)


async def cut_connections(url: str, seed: int) -> None:
    """Now and then the server ends a worker's connection, whatever it is doing."""
    fate = random.Random(seed)
    admin = await asyncpg.connect(url)
    try:
        while True:
            await asyncio.sleep(0.1 + fate.random() * 0.2)
            await admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid() order by random() limit 1"
            )
    finally:
        await admin.close()


async def test_workers_that_share_a_partition_fold_every_event_exactly_once(postgres_url: str) -> None:
    chance = random.Random(20260302)
    keys = [f"cus_{chance.randrange(KEYS)}" for _ in range(EVENTS)]
    bad = [n for n, key in enumerate(keys, 1) if key == POISONED][10]
    events = [envelope(key, n, Broken(key) if n == bad else None) for n, key in enumerate(keys, 1)]
    fold, database = Fold(), Database.open(postgres_url, pool=4)
    store = open_store(fold.projection, database)
    tally = dict.fromkeys(("died", "cut off", "fenced"), 0)
    try:
        await store.prepare()
        cutting = asyncio.create_task(cut_connections(postgres_url, 5))
        try:
            async with asyncio.timeout(120):
                await asyncio.gather(*(worker(store, events, seed, tally) for seed in range(WORKERS)))
        finally:
            cutting.cancel()
            await asyncio.gather(cutting, return_exceptions=True)
        await check(database, store, fold, events, bad)
    finally:
        await database.close()
    assert min(tally.values()) > 0, f"nothing went wrong, so nothing was tested: {tally}"


async def check(database: Database, store: ProjectionStore, fold: Fold, events: list[Any], bad: int) -> None:
    expected: dict[str, Account] = fold.reference(e for e in events if e.key != POISONED or e.position < bad)
    async with database.raw() as connection:
        rows = await connection.fetch("select id, data from ledger_v1_rows")
        positions = [each[0] for each in await connection.fetch("select position from ledger_timeline")]
    assert {row["id"]: row["data"] for row in rows} == {id_: msgspec.msgpack.encode(r) for id_, r in expected.items()}
    waiting = [each.position for each in await store.parked(POISONED)]
    assert waiting == [each.position for each in events if each.key == POISONED and each.position >= bad]
    assert sorted(positions + waiting) == list(range(1, EVENTS + 1))
