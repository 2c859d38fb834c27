"""Reading rows: in order, page by page, and never out of scope."""

import asyncio
import time

import pytest

from shared.auth import WHOLE_BANK, Scope
from shared.database import Database
from shared.progress import Progress
from shared.projection_store import Change, ProjectionStore
from shared.views import ViewStore
from support.ledger import Account, Fold

from .changes import change, event, move, row

A, B, NOWHERE = (Scope(frozenset(each)) for each in ({"ins_a"}, {"ins_b"}, set[str]()))


@pytest.fixture(autouse=True)
async def rows(store: ProjectionStore) -> None:
    """cus_0 … cus_8 with totals 0, 10, 20 …, by turns in branches a, b and none; cus_9 is everybody's."""
    branches = ("ins_a", "ins_b", "")
    written = [row(f"cus_{n}", n * 10, institution=branches[n % 3]) for n in range(9)]
    everybody = row("cus_9", 90, institution="*")
    await store.cursors([0])
    assert await store.save(
        change(0, *written, everybody, timeline=tuple(event(n + 1, f"cus_{n % 3}", minute=n) for n in range(9)))
    )


async def totals(views: ViewStore, fold: Fold, scope: Scope, **options: object) -> list[int]:
    page, _ = await views.list(fold.view, scope, **options)  # type: ignore[arg-type]
    return [each.total for each in page]


async def test_a_row_out_of_scope_is_absent(views: ViewStore, fold: Fold) -> None:
    assert await views.get(fold.view, "cus_0", A) == Account("ins_a", 0)
    assert await views.get(fold.view, "cus_0", B) is None
    assert await views.get(fold.view, "cus_0", NOWHERE) is None
    assert await views.get(fold.view, "cus_none", WHOLE_BANK) is None


async def test_a_row_of_no_institution_exists_for_the_whole_bank_alone(views: ViewStore, fold: Fold) -> None:
    assert await views.get(fold.view, "cus_2", A) is None
    assert await views.get(fold.view, "cus_2", Scope(frozenset({""}))) is None
    assert await views.get(fold.view, "cus_2", WHOLE_BANK) == Account("", 20)


async def test_a_row_of_every_institution_exists_for_everybody(views: ViewStore, fold: Fold) -> None:
    assert await views.get(fold.view, "cus_9", B) == Account("*", 90)


async def test_many_rows_come_by_id(views: ViewStore, fold: Fold) -> None:
    found = await views.get_many(fold.view, ["cus_3", "cus_1", "cus_0", "cus_3"], A)
    assert found == {"cus_0": Account("ins_a", 0), "cus_3": Account("ins_a", 30)}
    assert await views.get_many(fold.view, [], A) == {}


async def test_pages_follow_each_other_without_gap_or_repetition(views: ViewStore, fold: Fold) -> None:
    for descending in (False, True):
        seen: list[int] = []
        after = None
        while True:
            page, after = await views.list(fold.view, WHOLE_BANK, after=after, limit=3, descending=descending)
            seen += [each.total for each in page]
            if after is None:
                break
        assert seen == sorted(range(0, 100, 10), reverse=descending)


async def test_lists_keep_to_the_scope_and_the_filters(views: ViewStore, fold: Fold) -> None:
    assert await totals(views, fold, A) == [0, 30, 60, 90]
    assert await totals(views, fold, WHOLE_BANK, institution="ins_b") == [10, 40, 70]
    assert await totals(views, fold, A, institution="ins_b") == []
    assert await totals(views, fold, A, owner="nobody") == []
    assert await totals(views, fold, A, owner="everyone", first_rank=f"{30:012d}", last_rank=f"{60:012d}") == [30, 60]


async def test_a_history_is_seen_by_who_sees_its_key(views: ViewStore) -> None:
    assert [each.position for each in await views.history("cus_0", A)] == [1, 4, 7]
    assert await views.history("cus_0", B) == []
    assert await views.history("cus_2", A) == []
    assert len(await views.history("cus_2", WHOLE_BANK)) == 3


async def test_a_timeline_comes_latest_first_page_by_page(views: ViewStore) -> None:
    latest = await views.timeline("cus_0", A, limit=2)
    assert [each.position for each in latest] == [7, 4]
    assert latest[0] == event(7, "cus_0", minute=6)
    before = (latest[-1].occurred_at, latest[-1].channel, latest[-1].position)
    assert [each.position for each in await views.timeline("cus_0", A, before=before)] == [1]


async def test_waits_until_the_log_is_folded(views: ViewStore, store: ProjectionStore) -> None:
    assert await views.wait("ledger/entry", 1, 0)
    assert not await views.wait("ledger/entry", 2, 0.05)
    waiting = asyncio.create_task(views.wait("ledger/entry", 2, 5))
    await asyncio.sleep(0.05)
    assert await store.save(change(1))
    assert await waiting


async def test_beside_a_projector_its_save_ends_the_wait(database: Database, fold: Fold) -> None:
    progress = Progress()
    progress.saved({0: {"ledger": 1}})
    views = ViewStore(fold.projection, database, progress)
    waiting = asyncio.create_task(views.wait("ledger/entry", 5, 5))
    await asyncio.sleep(0.05)
    started = time.monotonic()
    progress.saved({0: {"ledger": 5}})
    assert await waiting
    assert time.monotonic() - started < 0.1


async def test_waits_for_a_row(views: ViewStore, store: ProjectionStore, fold: Fold) -> None:
    def grown(found: Account | None) -> bool:
        return found is not None and found.total == 5

    waiting = asyncio.create_task(views.wait_row(fold.view, "cus_0", grown, 5, A))
    await asyncio.sleep(0.05)
    assert await store.save(Change((move(1),), (row("cus_0", 5, revision=1),)))
    assert await waiting == Account("ins_a", 5)
    assert await views.wait_row(fold.view, "cus_1", grown, 0, A) is None
