"""Whatever the batching, the repetition and the crashes: the rows of one clean fold, byte for byte."""

import asyncio
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.database import Database
from shared.envelope import Envelope
from shared.folding import Folding, Held, route, wanted
from shared.projection_store import Change, ProjectionStore
from shared.projector import Limits, Projector
from shared.stores import open_store
from support.ledger import AT, CODEC, Broken, Fold, envelope
from support.logs import sqlite_url
from support.scripted_feed import ScriptedFeed

PARTITIONS = 3
KEYS = [f"cus_{n}" for n in range(7)]
FAST = Limits(batch=4, wait=0.0, backoff=0.0, longest_backoff=0.0, cache=5)


class Crash(Exception):
    """The process dies here, as data: the next step is another process's."""


class Crashing:
    """A store that dies before or after the commit, as the plan says, once for each save."""

    def __init__(self, store: ProjectionStore, plan: Sequence[str]) -> None:
        self._store = store
        self._plan = list(plan)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def save(self, change: Change) -> bool:
        fate = self._plan.pop() if self._plan else "lives"
        if fate == "before":
            raise Crash
        saved = await self._store.save(change)
        if fate == "after":
            raise Crash
        return saved


def partitioned(events: Sequence[Envelope], repeats: random.Random) -> dict[int, list[Envelope]]:
    """Each key in one partition; now and then a relay that was replaced publishes its last few events again."""
    partitions: dict[int, list[Envelope]] = {number: [] for number in range(PARTITIONS)}
    for each in events:
        page = partitions[KEYS.index(each.key) % PARTITIONS]
        page.append(each)
        if repeats.random() < 0.2:
            page += page[-repeats.randint(1, 4) :]
    return partitions


histories = st.lists(st.sampled_from(KEYS), min_size=1, max_size=40).map(
    lambda keys: [envelope(key, position) for position, key in enumerate(keys, 1)]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories, st.integers(), st.lists(st.sampled_from(["before", "after", "lives"]), max_size=12))
def test_any_batching_repetition_and_crash_gives_the_rows_of_one_clean_fold(
    events: list[Envelope], seed: int, plan: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_check(Path(folder), events, seed, plan))


async def _check(folder: Path, events: list[Envelope], seed: int, plan: list[str]) -> None:
    fold, database = Fold(), Database.open(sqlite_url(folder), pool=1)
    try:
        store = open_store(fold.projection, database)
        feed = ScriptedFeed(partitioned(events, random.Random(seed)), seed)
        crashing = Crashing(store, plan)
        projector = Projector(fold.projection, crashing, feed, CODEC, limits=FAST)  # type: ignore[arg-type]
        while not feed.done({number: each.offsets for number, each in (await _cursors(store)).items()}):
            try:
                await projector.step()
            except Crash:
                await feed.stop()
                projector = Projector(fold.projection, crashing, feed, CODEC, limits=FAST)  # type: ignore[arg-type]
        found = await store.load({"account": KEYS})
    finally:
        await database.close()
    expected = {("account", key): msgspec.msgpack.encode(row) for key, row in fold.reference(events).items()}
    assert {key: each.data for key, each in found.items()} == expected


async def _cursors(store: ProjectionStore) -> dict:
    await store.prepare()
    return await store.all_cursors()


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.booleans()), max_size=60), st.booleans())
def test_a_key_is_folded_up_to_its_first_failure_and_then_waits_in_order(
    script: list[tuple[str, bool]], checked: bool
) -> None:
    fold = Fold()
    events = [envelope(key, n, Broken(key) if bad else None) for n, (key, bad) in enumerate(script, 1)]
    routed = [route(fold.projection, 0, each) for each in events]
    folding = Folding(fold.projection, CODEC, {key: Held() for key in wanted(routed)}, (), AT, checked=checked)
    for each in routed:
        folding.apply(each)
    broken_at = {key: n for n, (key, bad) in reversed(list(enumerate(script, 1))) if bad}
    good = [each for each in events if each.position < broken_at.get(each.key, len(events) + 1)]
    assert {change.id: change.data for change in folding.changes()} == {
        key: msgspec.msgpack.encode(row) for key, row in fold.reference(good).items()
    }
    waiting = [each.position for each in events if each not in good]
    assert [each.position for each in folding.parked] == waiting
    assert {each.position for each in folding.parked if each.error} == set(broken_at.values())
    assert [each.position for each in folding.timeline] == [each.position for each in good]
