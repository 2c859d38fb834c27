"""Contacts over HTTP: what the caller gets back, who sees it, and what is refused how."""

import sqlite3
from pathlib import Path
from typing import Any

from support.contacts import Bank, get, post, refused
from support.hosted import ndjson, send_lines

PATH = "/v1/interactions"


def contact(customer_id: str, **given: Any) -> dict[str, Any]:
    body = {"customer_id": customer_id, "channel": "counter", "direction": "in", "purpose": "service"}
    return body | {"outcome": "resolved"} | given


async def test_a_contact_is_recorded_at_the_customers_home_and_read_back(bank: Bank) -> None:
    body = contact(bank.customer, notes="asked about a mortgage", topic="mortgage", occurred_at="2026-03-02")
    receipt = await post(bank.officer, PATH, body)
    assert receipt["position"] == "interaction/interaction:1"
    shown = await get(bank.officer, f"{PATH}/{receipt['id']}", receipt)
    assert shown["institution_id"] == bank.branch
    assert shown["notes"] == "asked about a mortgage"
    assert shown["occurred_at"] == "2026-03-01T16:00:00Z"
    assert (await get(bank.admin, PATH, receipt, customer_id=bank.customer))["items"] == [shown]


async def test_notes_are_for_those_who_may_read_personal_values(bank: Bank, tmp_path: Path) -> None:
    receipt = await post(bank.officer, PATH, contact(bank.customer, notes="MARKED-SECRET"))
    shown = await get(bank.app.client("analyst"), f"{PATH}/{receipt['id']}", receipt)
    assert shown["notes"] is None
    stored = sqlite3.connect(tmp_path / "interaction.db")
    assert b"MARKED-SECRET" not in b"".join(row[0] for row in stored.execute("SELECT data FROM events"))


async def test_a_correction_shows_what_happened_and_a_void_that_it_did_not(bank: Bank) -> None:
    receipt = await post(bank.officer, PATH, contact(bank.customer))
    path = f"{PATH}/{receipt['id']}"
    fixed = contact(bank.customer, channel="visit", occurred_at="2026-03-02T10:00:00Z", reason="typing mistake")
    corrected = await post(bank.officer, f"{path}/correction", fixed, 200)
    shown = await get(bank.officer, path, corrected)
    assert (shown["channel"], shown["corrections"], shown["version"]) == ("visit", 1, 2)
    assert shown["occurred_at"] == "2026-03-02T10:00:00Z"
    again = await post(bank.officer, f"{path}/correction", fixed, 200)
    assert again == corrected
    voided = await post(bank.officer, f"{path}/voiding", {"reason": "another customer"}, 200)
    assert (await get(bank.officer, path, voided))["voided_because"] == "another customer"
    await refused(bank.officer, f"{path}/correction", fixed | {"channel": "email"}, 409, "interaction_voided")


async def test_the_same_reference_is_recorded_once(bank: Bank) -> None:
    body = contact(bank.customer, reference={"system": "crm", "id": "1"})
    first = await post(bank.officer, PATH, body)
    assert (await bank.officer.post(PATH, json=body)).json() == first
    await refused(bank.officer, PATH, body | {"channel": "email"}, 422, "idempotency_key_reused")


async def test_a_stale_version_is_refused(bank: Bank) -> None:
    receipt = await post(bank.officer, PATH, contact(bank.customer))
    path = f"{PATH}/{receipt['id']}/voiding"
    answer = await bank.officer.post(path, json={"reason": "x"}, headers={"If-Match": '"7"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "stale_version")


async def test_a_customer_nobody_knows_is_refused_and_may_be_tried_again(bank: Bank) -> None:
    problem = await refused(bank.admin, PATH, contact("cus_" + "0" * 32), 422, "unknown_customer")
    assert problem["retryable"] is True
    assert problem["errors"][0]["pointer"] == "/customer_id"


async def test_a_bad_body_says_where(bank: Bank) -> None:
    problem = await refused(bank.admin, PATH, contact(bank.customer, channel="pigeon"), 422, "invalid_request")
    assert problem["errors"] == [
        {"pointer": "/channel", "code": "not_one_of"} | {"detail": problem["errors"][0]["detail"]}
    ]
    future = contact(bank.customer, occurred_at="2199-01-01T00:00:00Z")
    await refused(bank.admin, PATH, future, 422, "occurred_in_future")
    receipt = await post(bank.admin, PATH, contact(bank.customer))
    await refused(bank.admin, f"{PATH}/{receipt['id']}/correction", future | {"reason": "x"}, 422, "occurred_in_future")


async def test_one_branch_neither_sees_nor_touches_the_other(bank: Bank) -> None:
    receipt = await post(bank.officer, PATH, contact(bank.customer))
    path = f"{PATH}/{receipt['id']}"
    await get(bank.other, path, receipt, 404)
    assert (await get(bank.other, PATH, receipt, customer_id=bank.customer))["items"] == []
    await refused(bank.other, f"{path}/voiding", {"reason": "not mine"}, 404, "not_found")
    await refused(bank.other, PATH, contact(bank.customer), 422, "unknown_customer")
    await refused(bank.other, PATH, contact(bank.stranger, institution_id=bank.branch), 422, "unknown_institution")


async def test_bulk_gives_each_line_its_verdict(bank: Bank) -> None:
    good = contact(bank.customer, reference={"system": "crm", "id": "bulk-1"}, notes="kept")
    lines = [good, {"customer_id": bank.customer}, contact("cus_" + "0" * 32), good, contact(bank.stranger)]
    verdicts, summary = await send_lines(bank.officer, f"{PATH}/bulk", ndjson(lines))
    assert [verdict["status"] for verdict in verdicts] == ["accepted", "rejected", "rejected", "replayed", "rejected"]
    assert verdicts[2]["problem"] | {"detail": "", "errors": []} == {
        "code": "unknown_customer",
        "detail": "",
        "errors": [],
        "retryable": True,
    }
    assert verdicts[3]["position"] == verdicts[0]["position"]
    assert summary == {"accepted": 1, "replayed": 1, "rejected": 3, "limit": 0}


async def test_pages_continue_where_they_ended(bank: Bank) -> None:
    days = [f"2026-03-{day:02}T10:00:00Z" for day in range(1, 6)]
    verdicts, _ = await send_lines(
        bank.admin, f"{PATH}/bulk", ndjson(contact(bank.customer, occurred_at=day) for day in days)
    )
    seen: list[str] = []
    query: dict[str, Any] = {"customer_id": bank.customer, "limit": 2}
    while True:
        page = await get(bank.admin, PATH, verdicts[-1], **query)
        seen += [item["occurred_at"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == days[::-1]
