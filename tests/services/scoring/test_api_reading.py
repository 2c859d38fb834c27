"""One relationship over HTTP: fresh, explained to the last event, and as it was."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

from shared.envelope import NewEvent
from shared.log import Append, Expected, Write
from support.contacts import Bank, get, post
from support.scored import account, after, ago, complain, meet, now, pay, rate, relationship, storied, today


async def test_an_answer_holds_what_was_just_recorded(bank: Bank) -> None:
    opening = await account(bank, bank.customer, ago(100))
    recorded = [
        opening,
        await pay(bank, opening["id"], ago(1)),
        await meet(bank, bank.customer, ago(2)),
        await complain(bank, bank.customer, ago(3)),
    ]
    assert {receipt["position"].partition(":")[0] for receipt in recorded} == {
        "customer/customer",
        "customer/transaction",
        "interaction/interaction",
        "complaint/complaint",
    }
    for receipt in recorded:
        channel, _, position = receipt["position"].partition(":")
        shown = await relationship(bank, bank.customer, receipt)
        assert shown["positions"][channel] >= int(position)
    together = await relationship(bank, bank.customer, *recorded)
    assert together["positions"] == {r["position"].partition(":")[0]: position_of(r) for r in recorded}
    known = {bond["name"]: bond["known"] for bond in together["bonds"]}
    assert known["social"]
    assert known["breadth"]
    assert known["satisfaction"]
    assert not known["advocacy"]


def position_of(receipt: dict[str, Any]) -> int:
    return int(receipt["position"].partition(":")[2])


async def test_a_position_that_is_not_there_is_waited_for_in_vain(bank: Bank) -> None:
    answer = await bank.admin.get(
        f"/v1/relationships/{bank.customer}", params={"min_position": "interaction/interaction:999"}
    )
    assert (answer.status_code, answer.json()["code"]) == (503, "projection_behind")
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_customer_whose_event_cannot_be_read_is_parked_alone(bank: Bank) -> None:
    log: Any = bank.app.app.state.services["complaint"].log
    moment = datetime.fromisoformat(now())
    poison = NewEvent(bank.customer, "complaint.received", 1, b'{"complaint_id": 7}', moment)
    await log.append([Append((Write("complaint-poison", Expected.NO_STREAM, (poison,)),), meta=b"{}")])
    behind = await complain(bank, bank.customer, ago(1))
    answer = await bank.admin.get(f"/v1/relationships/{bank.customer}", params={"min_position": behind["position"]})
    assert (answer.status_code, answer.json()["code"]) == (503, "customer_parked")
    other = await complain(bank, bank.stranger, ago(1))
    assert (await relationship(bank, bank.stranger, other))["satisfaction"]["episodes"]
    parked = f"/internal/v1/projections/evidence/parked/{bank.customer}"
    waiting = (await bank.admin.get(parked)).json()
    assert [each["channel"] for each in waiting] == ["complaint/complaint"] * 2


async def test_who_is_unknown_is_not_found(bank: Bank) -> None:
    for path in ("", "/explanation", "/timeline"):
        unknown = await bank.admin.get(f"/v1/relationships/cus_{'0' * 32}{path}")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
        malformed = await bank.admin.get(f"/v1/relationships/cus_x{path}")
        assert malformed.status_code == 422


async def test_every_line_of_the_explanation_adds_up(bank: Bank) -> None:
    receipts = await storied(bank)
    shown = await relationship(bank, bank.customer, *receipts)
    answer = await bank.admin.get(
        f"/v1/relationships/{bank.customer}/explanation", params={"min_position": after(*receipts)["position"]}
    )
    told: Any = json.loads(answer.content, parse_float=Decimal)
    assert told["strength"] == Decimal(str(shown["strength"]))
    assert sum(Decimal(bond["points"]) for bond in told["bonds"]) == told["strength"]
    assert {bond["name"]: Decimal(bond["points"]) for bond in told["bonds"]} == {
        bond["name"]: Decimal(str(bond["points"])) for bond in shown["bonds"]
    }
    for bond in told["bonds"]:
        assert sum(Decimal(line["points"]) for line in bond["lines"]) == bond["points"]
        for line in bond["lines"]:
            assert sum(Decimal(event["points"]) for event in line["events"]) + line["rest"] == line["points"]
    events = {event["event"].partition(":")[0] for b in told["bonds"] for li in b["lines"] for event in li["events"]}
    assert events == {"customer", "interaction", "complaint"}


async def test_a_day_in_the_past_shows_what_was_then(bank: Bank) -> None:
    receipts = await storied(bank)
    live = await relationship(bank, bank.customer, *receipts)
    by_day = await relationship(bank, bank.customer, *receipts, as_of=ago(85))
    end = datetime.combine(date.fromisoformat(ago(84)), datetime.min.time()).isoformat()
    by_instant = await relationship(bank, bank.customer, *receipts, as_of=f"{end}+08:00")
    assert by_day["as_of"] == ago(85)
    assert by_day["strength"] != live["strength"]
    assert not by_day["satisfaction"]["episodes"]
    assert live["satisfaction"]["episodes"]
    assert by_instant["as_of"] == ago(84)
    assert by_instant["strength"] != live["strength"]
    told = await get(bank.admin, f"/v1/relationships/{bank.customer}/explanation", receipts[0], as_of=ago(85))
    assert told["strength"] == by_day["strength"]
    assert told["as_of"] == ago(85)


async def test_before_the_relationship_nobody_is_found(bank: Bank) -> None:
    answer = await bank.admin.get(f"/v1/relationships/{bank.customer}", params={"as_of": "1999-01-01"})
    assert answer.status_code == 404
    earliest = await bank.admin.get(f"/v1/relationships/{bank.customer}", params={"as_of": "0001-01-01"})
    assert earliest.status_code == 422


async def test_what_was_known_then_is_answered_without_what_came_later(bank: Bank) -> None:
    opening = await account(bank, bank.customer, ago(300))
    met = await meet(bank, bank.customer, ago(10))
    before = await relationship(bank, bank.customer, opening, met)
    then = now()
    late = await complain(bank, bank.customer, ago(5))
    live = await relationship(bank, bank.customer, late)
    known_then = await relationship(bank, bank.customer, late, known_at=then)
    assert live["strength"] < before["strength"] == known_then["strength"]
    assert known_then["satisfaction"] == before["satisfaction"]
    assert known_then["positions"] == before["positions"]
    assert datetime.fromisoformat(known_then["known_at"]) == datetime.fromisoformat(then)


async def test_as_of_now_is_the_live_answer(bank: Bank) -> None:
    receipts = await storied(bank)
    live = await relationship(bank, bank.customer, *receipts)
    ignored = {"known_at", "change"}
    for clock in (now(), today().isoformat()):
        again = await relationship(bank, bank.customer, *receipts, as_of=clock, known_at=clock)
        assert again.keys() == live.keys()
        for name in live.keys() - ignored:
            assert again[name] == live[name], name


async def test_the_future_is_refused(bank: Bank) -> None:
    tomorrow = (today() + timedelta(days=1)).isoformat()
    for path, clock in product(("", "/explanation"), ("as_of", "known_at")):
        for value in (tomorrow, "2199-01-01T00:00:00Z"):
            answer = await bank.admin.get(f"/v1/relationships/{bank.customer}{path}", params={clock: value})
            assert (answer.status_code, answer.json()["code"]) == (422, f"{clock}_in_future")
            assert answer.json()["errors"][0]["pointer"] == clock


async def test_the_tag_changes_with_the_answer(bank: Bank) -> None:
    first = await meet(bank, bank.customer, ago(10))
    await relationship(bank, bank.customer, first)
    path = f"/v1/relationships/{bank.customer}"
    tag = (await bank.admin.get(path)).headers["ETag"]
    assert tag.startswith('W/"')
    unchanged = await bank.admin.get(path, headers={"If-None-Match": f'"other", {tag}'})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["ETag"] == tag
    second = await rate(bank, bank.customer, ago(1))
    fresh = await bank.admin.get(path, params={"min_position": second["position"]}, headers={"If-None-Match": tag})
    assert fresh.status_code == 200
    assert fresh.headers["ETag"] != tag
    past = await bank.admin.get(path, params={"as_of": ago(1)}, headers={"If-None-Match": fresh.headers["ETag"]})
    assert past.status_code in {200, 404}


async def test_the_timeline_is_paged_newest_first_without_sealed_values(bank: Bank) -> None:
    receipts = await storied(bank)
    noted = await post(
        bank.admin,
        "/v1/interactions",
        {
            "customer_id": bank.customer,
            "channel": "counter",
            "direction": "in",
            "purpose": "service",
            "outcome": "reached",
            "notes": "wants a quiet branch",
        },
    )
    path = f"/v1/relationships/{bank.customer}/timeline"
    query: dict[str, Any] = {"limit": 4, "min_position": after(*receipts, noted)["position"]}
    events: list[dict[str, Any]] = []
    while True:
        answer = await bank.admin.get(path, params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= 4
        events += page["items"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    ids = [event["id"] for event in events]
    assert len(ids) == len(set(ids)) >= 15
    moments = [datetime.fromisoformat(event["occurred_at"]) for event in events]
    assert moments == sorted(moments, reverse=True)
    whole = (await bank.admin.get(path, params={"limit": 100})).json()
    assert whole["next_cursor"] is None
    assert [event["id"] for event in whole["items"]] == ids
    assert b'"box"' not in answer.content
    noted_event = next(event for event in events if event["stream"] == f"interaction-{noted['id']}")
    assert noted_event["data"]["channel"] == "counter"
    assert "notes" not in noted_event["data"]
    registered = next(event for event in events if event["type"] == "customer.registered")
    assert "name" not in registered["data"]


async def test_a_cursor_of_another_list_is_refused(bank: Bank) -> None:
    await storied(bank)
    path = f"/v1/relationships/{bank.customer}/timeline"
    cursor = (await bank.admin.get(path, params={"limit": 1})).json()["next_cursor"]
    for other, given in ((f"/v1/relationships/{bank.stranger}/timeline", cursor), (path, cursor[:-2]), (path, "x")):
        answer = await bank.admin.get(other, params={"cursor": given})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "cursor")
