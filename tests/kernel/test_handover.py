"""A rebuild from the log, then live partitions: the rows of one clean fold, wherever the two overlap."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.auth import WHOLE_BANK
from shared.database import Database
from shared.feed_log import LogFeed
from shared.handover import CannotHandOver, hand_over
from shared.log_memory import MemoryEventLog
from shared.projector import Projector
from shared.stores import open_store
from shared.views import ViewStore
from support.ledger import CODEC, Broken, Fold, Posted, append
from support.logs import sqlite_url
from support.scripted_feed import TOPIC, ScriptedFeed

KEYS = [f"cus_{n}" for n in range(6)]
PARTITIONS = 3


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database.open(sqlite_url(tmp_path), pool=2)
    yield opened
    await opened.close()


async def partitions(log: MemoryEventLog) -> dict[int, list]:
    events = [CODEC.decode(record) for record in await log.read(0, 1_000)]
    return {n: [each for each in events if KEYS.index(each.key) % PARTITIONS == n] for n in range(PARTITIONS)}


@pytest.mark.parametrize("overlap", [0, 1, 7, 1_000])
async def test_live_partitions_continue_a_rebuild_exactly(database: Database, overlap: int) -> None:
    log, fold = MemoryEventLog("ledger"), Fold(version=2)
    store = open_store(fold.projection, database)
    await append(log, *((KEYS[n % 6], Posted(KEYS[n % 6], n)) for n in range(100)))
    rebuild = Projector(fold.projection, store, LogFeed([log], CODEC), CODEC)
    while await rebuild.step():
        pass
    noted = {n: {TOPIC: max(0, len(page) - overlap)} for n, page in (await partitions(log)).items()}
    await hand_over(store, noted)
    await append(log, *((KEYS[n % 5], Posted(KEYS[n % 5], n)) for n in range(50)))
    live = Projector(fold.projection, store, ScriptedFeed(await partitions(log)), CODEC)
    while await live.step():
        pass
    found = await ViewStore(fold.projection, database).get_many(fold.view, KEYS, WHOLE_BANK)
    assert found == fold.reference(CODEC.decode(record) for record in await log.read(0, 1_000))


async def test_parked_keys_are_not_left_behind(database: Database) -> None:
    log, fold = MemoryEventLog("ledger"), Fold()
    store = open_store(fold.projection, database)
    await append(log, (KEYS[0], Broken(KEYS[0])))
    await Projector(fold.projection, store, LogFeed([log], CODEC), CODEC).step()
    with pytest.raises(CannotHandOver):
        await hand_over(store, {0: {}, 1: {}})
    assert (await store.all_cursors())[0].offsets == {"ledger": 1}
