"""Complaints over HTTP: from receipt to closure, the clock, the sweep, and who sees what."""

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.complaint.service import ComplaintService
from services.complaint.sweep import unanswered_complaints
from shared.sweep import Sweep
from support.contacts import Bank, get, post, refused
from support.hosted import ndjson, send_lines

PATH = "/v1/complaints"
RECEIVED = "2026-03-02T09:00:00Z"


def complained(customer_id: str | None, **given: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"channel": "counter", "product": "card", "issue": "charged twice", "severity": "major"}
    return body | {"occurred_at": RECEIVED} | ({"customer_id": customer_id} if customer_id else {}) | given


async def step(bank: Bank, receipt: dict[str, Any], name: str, day: int, **body: Any) -> dict[str, Any]:
    at = f"2026-03-{day:02}T10:00:00Z"
    return await post(bank.officer, f"{PATH}/{receipt['id']}/{name}", {"occurred_at": at} | body, 200)


async def communicated(bank: Bank) -> dict[str, Any]:
    receipt = await post(bank.officer, PATH, complained(bank.customer, severity="minor"))
    return await step(bank, receipt, "communications", 4, decision="upheld")


async def test_a_major_complaint_takes_every_step(bank: Bank) -> None:
    receipt = await post(
        bank.officer, PATH, complained(bank.customer, narrative="twice!", loss={"amount": "12.50", "currency": "CNY"})
    )
    await refused(bank.officer, f"{PATH}/{receipt['id']}/decisions", {"decision": "upheld"}, 409, "step_missing")
    await step(bank, receipt, "acknowledgements", 2)
    await step(bank, receipt, "assessments", 3, severity="major", complexity="complex", impact="one customer")
    await step(bank, receipt, "assignments", 3, handler_id="emp_9", department="cards")
    await step(bank, receipt, "investigation-notes", 4, note="the terminal sent it twice")
    await step(bank, receipt, "decisions", 5, decision="upheld", remedy="refund")
    await step(bank, receipt, "communications", 5)
    await step(bank, receipt, "confirmations", 6, answer="satisfied")
    await refused(bank.officer, f"{PATH}/{receipt['id']}/closure", {}, 422, "root_cause_required")
    closed = await step(bank, receipt, "closure", 7, root_cause="process", action_taken="doubles are held")
    shown = await get(bank.officer, f"{PATH}/{receipt['id']}", closed)
    assert (shown["status"], shown["decision"], shown["answer"]) == ("closed", "upheld", "satisfied")
    assert shown["loss"] == {"amount": "12.50", "currency": "CNY"}
    assert shown["narrative"] == "twice!"
    assert shown["notes"] == [{"noted_at": "2026-03-04T10:00:00Z", "note": "the terminal sent it twice"}]
    assert [one["type"].partition(".")[2] for one in shown["steps"]] == [
        "received",
        "acknowledged",
        "assessed",
        "assigned",
        "investigation-noted",
        "decided",
        "communicated",
        "confirmed",
        "closed",
    ]


async def test_a_minor_complaint_may_be_answered_at_once(bank: Bank) -> None:
    told = await communicated(bank)
    shown = await get(bank.officer, f"{PATH}/{told['id']}", told)
    assert (shown["status"], shown["version"]) == ("communicated", 5)
    assert await step(bank, told, "communications", 4, decision="upheld") == told


async def test_not_satisfied_reopens(bank: Bank) -> None:
    told = await communicated(bank)
    reopened = await step(bank, told, "confirmations", 5, answer="not_satisfied")
    shown = await get(bank.officer, f"{PATH}/{told['id']}", reopened)
    assert (shown["status"], shown["decision"]) == ("reopened", None)


async def test_withdrawn_needs_no_cause_and_referred_stays_open(bank: Bank) -> None:
    receipt = await post(bank.officer, PATH, complained(bank.customer))
    await step(bank, receipt, "withdrawal", 3)
    closed = await step(bank, receipt, "closure", 4)
    assert (await get(bank.officer, f"{PATH}/{receipt['id']}", closed))["withdrawn"] is True
    other = await post(bank.officer, PATH, complained(bank.customer))
    referred = await step(bank, other, "external-referral", 5, body="ombudsman")
    assert (await get(bank.officer, f"{PATH}/{other['id']}", referred))["status"] == "referred_externally"


async def test_deadlines_are_derived_for_any_instant(bank: Bank) -> None:
    receipt = await post(bank.officer, PATH, complained(bank.customer))
    acknowledged = await step(bank, receipt, "acknowledgements", 3)
    path = f"{PATH}/{receipt['id']}/deadlines"
    now = await get(bank.officer, path, acknowledged)
    assert (now["preset"], [one["state"] for one in now["deadlines"]]) == ("internal-24h", ["overdue", "overdue"])
    assert now["deadlines"][0]["due_at"] == "2026-03-03T09:00:00Z"
    assert now["deadlines"][0]["derivation"][-1] == "acknowledged at 2026-03-03T10:00:00+00:00, late"
    then = await get(bank.officer, path, acknowledged, as_of="2026-03-02T20:00:00Z")
    assert [one["state"] for one in then["deadlines"]] == ["running", "running"]
    await get(bank.other, path, acknowledged, 404)
    unknown = await bank.officer.get(path, params={"preset": "nonsense"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "invalid_request")


async def test_an_anonymous_complaint_needs_an_institution_and_is_keyed_by_itself(bank: Bank, tmp_path: Path) -> None:
    await refused(bank.admin, PATH, complained(None), 422, "institution_required")
    body = complained(None, institution_id=bank.branch, narrative="MARKED-SECRET")
    await refused(bank.admin, PATH, body | {"on_behalf_of": True}, 422, "customer_required")
    receipt = await post(bank.admin, PATH, body)
    assert (await get(bank.officer, f"{PATH}/{receipt['id']}", receipt))["narrative"] == "MARKED-SECRET"
    stored = sqlite3.connect(tmp_path / "complaint.db").execute("SELECT key, data FROM events").fetchall()
    assert [key for key, _ in stored] == [receipt["id"]]
    assert b"MARKED-SECRET" not in stored[0][1]


async def test_one_branch_neither_sees_nor_touches_the_other(bank: Bank) -> None:
    receipt = await post(bank.officer, PATH, complained(bank.customer))
    await get(bank.other, f"{PATH}/{receipt['id']}", receipt, 404)
    assert (await get(bank.other, PATH, receipt))["items"] == []
    for name, body in (("acknowledgements", {}), ("withdrawal", {}), ("investigation-notes", {"note": "mine?"})):
        await refused(bank.other, f"{PATH}/{receipt['id']}/{name}", body, 404, "not_found")
    await refused(bank.other, PATH, complained(bank.customer), 422, "unknown_customer")


async def test_complaints_are_listed_by_state(bank: Bank) -> None:
    await communicated(bank)
    receipt = await post(bank.officer, PATH, complained(bank.customer))
    listed = await get(bank.officer, PATH, receipt, status="received", customer_id=bank.customer)
    assert [item["id"] for item in listed["items"]] == [receipt["id"]]


async def test_deciding_needs_its_own_scope(bank: Bank) -> None:
    receipt = await post(bank.officer, PATH, complained(bank.customer))
    teller = bank.app.client("teller", bank.branch)
    await post(teller, f"{PATH}/{receipt['id']}/acknowledgements", {}, 200)
    await refused(teller, f"{PATH}/{receipt['id']}/decisions", {"decision": "upheld"}, 403, "insufficient_scope")


async def test_a_stale_version_is_refused(bank: Bank) -> None:
    receipt = await post(bank.officer, PATH, complained(bank.customer))
    path = f"{PATH}/{receipt['id']}/acknowledgements"
    answer = await bank.officer.post(path, json={}, headers={"If-Match": '"2"'})
    assert (answer.status_code, answer.json()["code"], answer.headers["etag"]) == (412, "stale_version", '"1"')


async def test_bulk_gives_each_line_its_verdict(bank: Bank) -> None:
    good = complained(bank.customer, reference={"system": "crm", "id": "1"})
    lines = [good, complained(None), good, complained(bank.customer, severity="terrible")]
    verdicts, summary = await send_lines(bank.admin, f"{PATH}/bulk", ndjson(lines))
    assert [verdict["status"] for verdict in verdicts] == ["accepted", "rejected", "replayed", "rejected"]
    assert summary == {"accepted": 1, "replayed": 1, "rejected": 2, "limit": 0}


async def test_praise_is_recorded_once(bank: Bank) -> None:
    body = {"customer_id": bank.customer, "employee_id": "emp_7", "reference": {"system": "crm", "id": "1"}}
    receipt = await post(bank.officer, "/v1/praise", body)
    assert (await bank.officer.post("/v1/praise", json=body)).json() == receipt
    assert (await get(bank.officer, f"/v1/praise/{receipt['id']}", receipt))["institution_id"] == bank.branch
    await get(bank.other, f"/v1/praise/{receipt['id']}", receipt, 404)


async def test_silence_for_two_weeks_is_no_answer_once_however_many_sweep(bank: Bank) -> None:
    told = await communicated(bank)
    await get(bank.officer, f"{PATH}/{told['id']}", told)
    service: ComplaintService = bank.app.app.state.services["complaint"]

    async def sweep(now: datetime) -> int:
        due = unanswered_complaints(service.views)
        return await Sweep("test-sweep", service.executor, due, clock=lambda: now).once()

    assert await sweep(datetime(2026, 3, 18, 9, 59, tzinfo=UTC)) == 0
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert sum(await asyncio.gather(sweep(later), sweep(later))) <= 1  # the service sweeps too
    shown = await get(bank.officer, f"{PATH}/{told['id']}", told | {"position": "complaint/complaint:6"})
    assert (shown["status"], shown["answer"], shown["since"]) == ("confirmed", "no_answer", "2026-03-18T10:00:00Z")
    assert await sweep(later) == 0
