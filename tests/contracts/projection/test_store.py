"""A save is all or nothing, and nothing for whoever was overtaken."""

import asyncio

from shared.database import Database
from shared.projection import Index
from shared.projection_store import Change, Cursor, ProjectionStore, RowChange, Waiting
from shared.stores import open_store
from support.ledger import Fold

from .changes import NOW, change, event, move, parked, row


async def test_new_partitions_begin_at_the_start(store: ProjectionStore) -> None:
    assert await store.all_cursors() == {}
    assert await store.waiting() == Waiting(0, 0, None)
    assert await store.cursors([3, 0]) == {0: Cursor(), 3: Cursor()}
    assert await store.cursors([]) == {}


async def test_a_save_moves_the_cursor_and_writes_the_rows(store: ProjectionStore) -> None:
    await store.cursors([0])
    assert await store.save(change(0, row("cus_1"), row("cus_2", 7)))
    assert (await store.cursors([0]))[0] == Cursor({"ledger": 1}, 1, {"ledger/entry": 1})
    found = await store.load({"account": ["cus_1", "cus_2", "cus_3"], "other": ["cus_1"]})
    assert {key: each.revision for key, each in found.items()} == {("account", "cus_1"): 1, ("account", "cus_2"): 1}
    assert found["account", "cus_2"].data == row("cus_2", 7).data


async def test_a_stale_cursor_is_fenced_and_writes_nothing(store: ProjectionStore) -> None:
    await store.cursors([0])
    assert await store.save(change(0, row("cus_1")))
    stale = Change((move(0, 9),), (row("cus_2"),), (event(1),), (parked("cus_3", 1),))
    assert not await store.save(stale)
    assert await store.load({"account": ["cus_2"]}) == {}
    assert await store.parked_keys(10) == []
    assert (await store.cursors([0]))[0].offsets == {"ledger": 1}


async def test_one_stale_partition_fences_the_whole_batch(store: ProjectionStore) -> None:
    await store.cursors([0, 1, 2])
    assert await store.save(Change((move(0, 5, partition=1),)))
    assert not await store.save(Change(tuple(move(0, 9, partition=p) for p in range(3)), (row("cus_1"),)))
    assert {p: each.revision for p, each in (await store.all_cursors()).items()} == {0: 0, 1: 1, 2: 0}
    assert await store.load({"account": ["cus_1"]}) == {}


async def test_an_unknown_cursor_is_fenced(store: ProjectionStore) -> None:
    assert not await store.save(change(0, row("cus_1")))


async def test_a_row_that_another_partition_changed_is_fenced(store: ProjectionStore) -> None:
    await store.cursors([0, 1])
    assert await store.save(Change((move(0),), (row("cus_1", 1),)))
    assert await store.save(Change((move(0, partition=1),), (row("cus_1", 2, revision=1),)))
    assert not await store.save(Change((move(1),), (row("cus_1", 3, revision=1),)))
    assert not await store.save(Change((move(1),), (row("cus_1", 3),)))
    assert await store.save(Change((move(1),), (row("cus_1", 3, revision=2),)))


async def test_a_deleted_row_is_gone_unless_somebody_changed_it(store: ProjectionStore) -> None:
    await store.cursors([0])
    assert await store.save(change(0, row("cus_1"), row("cus_2")))
    assert not await store.save(change(1, RowChange("account", "cus_1", None, Index(), 7)))
    assert await store.save(change(1, RowChange("account", "cus_1", None, Index(), 1)))
    assert set(await store.load({"account": ["cus_1", "cus_2"]})) == {("account", "cus_2")}


async def test_parked_deliveries_keep_their_order_and_bytes(store: ProjectionStore) -> None:
    await store.cursors([0])
    assert await store.save(Change((move(0),), parked=(parked("cus_1", 9, "first"), parked("cus_1", 3))))
    assert await store.save(Change((move(1),), parked=(parked("cus_0", 4, "other"), parked("cus_1", 12))))
    assert [each.position for each in await store.parked("cus_1")] == [9, 3, 12]
    assert (await store.parked("cus_1"))[0] == parked("cus_1", 9, "first")
    assert [(each.key, each.events, each.error) for each in await store.parked_keys(10)] == [
        ("cus_0", 1, "other"),
        ("cus_1", 3, "first"),
    ]
    assert [each.key for each in await store.parked_keys(10, "cus_0")] == ["cus_1"]
    assert await store.waiting() == Waiting(2, 4, NOW)
    assert (await store.cursors([0]))[0].parked == {"cus_0", "cus_1"}


async def test_parking_again_keeps_the_place_and_takes_the_new_error(store: ProjectionStore) -> None:
    await store.cursors([0])
    assert await store.save(Change((move(0),), parked=(parked("cus_1", 1, "old"), parked("cus_1", 2))))
    assert await store.save(Change((move(1),), parked=(parked("cus_1", 1, "new"),)))
    assert [(each.position, each.error) for each in await store.parked("cus_1")] == [(1, "new"), (2, "")]


async def test_what_is_unparked_is_gone(store: ProjectionStore) -> None:
    await store.cursors([0])
    first, second = parked("cus_1", 1, "bad"), parked("cus_1", 2)
    assert await store.save(Change((move(0),), parked=(first, second)))
    assert await store.save(Change((move(1),), unparked=(first,)))
    assert await store.parked("cus_1") == [second]


async def test_versions_fold_side_by_side_and_share_the_timeline(store: ProjectionStore, database: Database) -> None:
    green = open_store(Fold(version=2).projection, database)
    await green.prepare()
    for each in (store, green):
        await each.cursors([0])
        assert await each.save(change(0, row("cus_1"), timeline=(event(1), event(2))))
        assert await each.save(change(1, timeline=(event(2), event(3))))
    assert len(await store.load({"account": ["cus_1"]})) == len(await green.load({"account": ["cus_1"]})) == 1


async def test_any_number_of_replicas_may_prepare_at_once(database: Database, fold: Fold) -> None:
    stores = [open_store(fold.projection, database) for _ in range(4)]
    await asyncio.gather(*(each.prepare() for each in stores))
    assert await stores[0].cursors([0]) == {0: Cursor()}


async def test_of_many_that_save_from_one_revision_one_wins(store: ProjectionStore) -> None:
    await store.cursors([0, 1])
    moves = (move(0, partition=0), move(0, partition=1))
    saves = [store.save(Change(moves if n % 2 else moves[::-1], (row(f"cus_{n}"),))) for n in range(8)]
    assert sorted(await asyncio.gather(*saves)) == [False] * 7 + [True]
    found = await store.load({"account": [f"cus_{n}" for n in range(8)]})
    assert len(found) == 1


async def test_the_first_version_is_read_until_another_is_activated(store: ProjectionStore, database: Database) -> None:
    green = open_store(Fold(version=2).projection, database)
    await green.prepare()
    assert await store.active() == await green.active() == 1
    await green.activate()
    await store.prepare()
    assert await store.active() == await green.active() == 2
