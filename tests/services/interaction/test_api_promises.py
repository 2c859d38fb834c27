"""Promises over HTTP, and the sweep that breaks them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.interaction.service import InteractionService
from services.interaction.sweep import overdue_promises
from shared.sweep import Sweep
from support.contacts import Bank, get, post, refused

PATH = "/v1/promises"
ZONE = ZoneInfo("Asia/Shanghai")
TOMORROW = (datetime.now(ZONE) + timedelta(days=1)).date()
NOW = datetime.now(UTC)


def promised(customer_id: str, **given: Any) -> dict[str, Any]:
    return {"customer_id": customer_id, "owner_id": "emp_7", "due": TOMORROW.isoformat(), "subject": "call"} | given


def backdated(customer_id: str, **given: Any) -> dict[str, Any]:
    return promised(customer_id, due="2026-03-03", occurred_at="2026-03-02", **given)


def sweeper(bank: Bank, now: datetime) -> Sweep:
    service: InteractionService = bank.app.app.state.services["interaction"]
    return Sweep("test-sweep", service.executor, overdue_promises(service.views, ZONE), clock=lambda: now)


async def test_a_promise_is_made_renegotiated_and_kept(bank: Bank) -> None:
    made = await post(bank.officer, PATH, promised(bank.customer, text="call about the loan"))
    path = f"{PATH}/{made['id']}"
    later = (TOMORROW + timedelta(days=3)).isoformat()
    await refused(bank.officer, f"{path}/renegotiations", {"due": later, "agreed": False}, 422, "agreement_required")
    await post(bank.officer, f"{path}/renegotiations", {"due": later, "agreed": True}, 200)
    kept = await post(bank.officer, f"{path}/fulfilment", {}, 200)
    shown = await get(bank.officer, path, kept)
    assert (shown["due"], shown["status"], shown["late"], shown["renegotiations"]) == (later, "kept", False, 1)
    assert shown["text"] == "call about the loan"
    assert await post(bank.officer, f"{path}/fulfilment", {}, 200) == kept
    await refused(bank.officer, f"{path}/release", {}, 409, "promise_settled")


async def test_a_promise_is_released(bank: Bank) -> None:
    made = await post(bank.officer, PATH, promised(bank.customer))
    released = await post(bank.officer, f"{PATH}/{made['id']}/release", {}, 200)
    assert (await get(bank.officer, f"{PATH}/{made['id']}", released))["status"] == "released"


async def test_a_due_day_in_the_past_is_refused(bank: Bank) -> None:
    problem = await refused(bank.officer, PATH, promised(bank.customer, due="2020-01-01"), 422, "due_in_past")
    assert problem["errors"][0]["pointer"] == "/due"


async def test_open_promises_come_in_order_of_their_due_day(bank: Bank) -> None:
    days = [(TOMORROW + timedelta(days=ahead)).isoformat() for ahead in (5, 1, 3)]
    receipts = [await post(bank.admin, PATH, promised(bank.customer, due=day)) for day in days]
    kept = await post(bank.admin, f"{PATH}/{receipts[1]['id']}/fulfilment", {}, 200)
    page = await get(bank.officer, PATH, kept, status="open")
    assert [item["due"] for item in page["items"]] == [days[2], days[0]]
    assert (await get(bank.other, PATH, kept, status="open"))["items"] == []
    await get(bank.other, f"{PATH}/{receipts[0]['id']}", kept, 404)
    await refused(bank.other, f"{PATH}/{receipts[0]['id']}/release", {}, 404, "not_found")


async def test_the_clock_breaks_what_is_overdue_once_however_many_sweep(bank: Bank) -> None:
    overdue = [await post(bank.admin, PATH, backdated(bank.customer)) for _ in range(3)]
    running = await post(bank.admin, PATH, promised(bank.customer))
    await get(bank.admin, f"{PATH}/{running['id']}", running)
    # Not the module's NOW: promises made later than it would be too fresh to be swept.
    now = datetime.now(UTC) + timedelta(minutes=1)
    changed = await asyncio.gather(*(sweeper(bank, now).once() for _ in range(2)))
    assert sum(changed) <= 3  # the service sweeps too
    assert await sweeper(bank, now).once() == 0
    for receipt in overdue:
        path = f"{PATH}/{receipt['id']}"
        latest = receipt | {"position": f"interaction/interaction:{3 + 1 + 3}"}
        shown = await get(bank.admin, path, latest)
        assert (shown["status"], shown["version"]) == ("broken", 2)
        assert shown["settled_at"] == "2026-03-03T15:59:59.999999Z"
        assert shown["derivation"][0] == "due 2026-03-03 after 0 renegotiations"
    assert (await get(bank.admin, f"{PATH}/{running['id']}", running))["status"] == "open"


async def test_a_story_that_is_told_late_is_not_cut_short(bank: Bank) -> None:
    made = await post(bank.admin, PATH, backdated(bank.customer))
    await get(bank.admin, f"{PATH}/{made['id']}", made)
    assert await sweeper(bank, datetime.now(UTC)).once() == 0
    kept = await post(bank.admin, f"{PATH}/{made['id']}/fulfilment", {"occurred_at": "2026-03-03T10:00:00Z"}, 200)
    shown = await get(bank.admin, f"{PATH}/{made['id']}", kept)
    assert (shown["status"], shown["late"]) == ("kept", False)


async def test_kept_after_its_day_counts_as_broken_and_as_kept(bank: Bank) -> None:
    made = await post(bank.admin, PATH, backdated(bank.customer))
    kept = await post(bank.admin, f"{PATH}/{made['id']}/fulfilment", {"occurred_at": "2026-03-09T10:00:00Z"}, 200)
    assert kept["version"] == 3
    shown = await get(bank.admin, f"{PATH}/{made['id']}", kept)
    assert (shown["status"], shown["late"]) == ("kept", True)
    assert shown["derivation"]
