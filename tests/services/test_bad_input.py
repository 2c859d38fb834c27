"""Bad input: a stable code, a pointer, never a 500, and nothing recorded. One running bank takes it all."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from support.contacts import Bank, get, post
from support.hosted import send_lines
from support.scored import account, pay, today, whole_bank

NOBODY, NOWHERE = "cus_" + "0" * 32, "ins_" + "0" * 32
HUGE = 10**30
FUTURE = (today() + timedelta(days=30)).isoformat()


@dataclass
class Case:
    """One service's creating route with a body that it would take."""

    path: str
    body: dict[str, Any]
    log: str


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[Bank]:
    async with whole_bank(tmp_path) as founded:
        yield founded


async def cases(bank: Bank) -> dict[str, Case]:
    opened = await account(bank, bank.customer, "2025-01-01")
    await get(bank.admin, f"/v1/accounts/{opened['id']}", opened)
    about = {"customer_id": bank.customer}
    return {
        "customer": Case(
            "/v1/customers", {"kind": "personal", "institution_id": bank.branch, "name": "Dora"}, "customer"
        ),
        "account": Case(
            "/v1/accounts", about | {"product": "card", "currency": "CNY", "since": "2025-01-01"}, "customer"
        ),
        "transaction": Case(
            "/v1/transactions",
            {
                "reference": {"system": "core", "id": "bad"},
                "account_id": opened["id"],
                "credit_debit_indicator": "CRDT",
                "amount": {"amount": "1.00", "currency": "CNY"},
                "booking_date": "2026-01-05",
                "initiated_by": "customer",
            },
            "customer",
        ),
        "interaction": Case(
            "/v1/interactions",
            about | {"channel": "counter", "direction": "in", "purpose": "service", "outcome": "reached"},
            "interaction",
        ),
        "promise": Case("/v1/promises", about | {"owner_id": "e1", "due": "2027-01-01"}, "interaction"),
        "rating": Case(
            "/v1/ratings",
            about | {"element": "overall", "value": 5, "scale_min": 1, "scale_max": 5, "source": "device"},
            "interaction",
        ),
        "complaint": Case(
            "/v1/complaints", about | {"channel": "counter", "product": "card", "issue": "fee"}, "complaint"
        ),
    }


async def heads(bank: Bank) -> dict[str, int]:
    services: Any = bank.app.app.state.services
    return {name: await services[name].log.head() for name in ("customer", "interaction", "complaint")}


async def refused(bank: Bank, path: str, status: int, code: str, pointer: str | None, **given: Any) -> None:
    answer = await bank.admin.post(path, **given)
    assert answer.status_code == status, (path, given, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    told = [(error["code"], error["pointer"]) for error in problem["errors"]]
    assert code == problem["code"] or code in {each for each, _ in told}, (path, given, answer.text)
    if pointer is not None:
        assert pointer in {each for _, each in told}, (path, given, answer.text)


# Which route, what is changed in its body, and what is said of it.
TABLE: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("customer", {"name": 7}, "wrong_type", "/name"),
    ("customer", {"name": None}, "wrong_type", "/name"),
    ("customer", {"name": ""}, "too_short", "/name"),
    ("customer", {"name": "x" * 201}, "too_long", "/name"),
    ("customer", {"name": "a\x00b"}, "invalid_text", "/name"),
    ("customer", {"kind": "robot"}, "not_one_of", "/kind"),
    ("customer", {"birth_date": "31.12.1980"}, "invalid_date", "/birth_date"),
    ("customer", {"birth_date": "0001-01-01"}, "date_out_of_range", "/birth_date"),
    ("customer", {"institution_id": NOWHERE}, "unknown_institution", "/institution_id"),
    ("customer", {"occurred_at": FUTURE}, "occurred_in_future", "/occurred_at"),
    ("customer", {"colour": "red"}, "unknown_field", ""),
    ("account", {"customer_id": NOBODY}, "unknown_customer", "/customer_id"),
    ("account", {"currency": "XXY"}, "unknown_currency", "/currency"),
    ("account", {"since": "2026-02-30"}, "invalid_date", "/since"),
    ("account", {"opening_balance": {"amount": "1.00", "currency": "EUR"}}, "wrong_currency", ""),
    ("transaction", {"amount": {"amount": "-1.00", "currency": "CNY"}}, "negative_amount", "/amount/amount"),
    ("transaction", {"amount": {"amount": 1.5, "currency": "CNY"}}, "wrong_type", "/amount/amount"),
    ("transaction", {"amount": {"amount": "NaN", "currency": "CNY"}}, "invalid_amount", "/amount/amount"),
    ("transaction", {"amount": {"amount": "1e9", "currency": "CNY"}}, "invalid_amount", "/amount/amount"),
    ("transaction", {"amount": {"amount": str(HUGE), "currency": "CNY"}}, "amount_too_large", "/amount/amount"),
    ("transaction", {"amount": {"amount": "1.00", "currency": "EUR"}}, "wrong_currency", "/amount/currency"),
    ("transaction", {"account_id": "acc_" + "0" * 32}, "unknown_account", "/account_id"),
    ("transaction", {"account_id": "acc_x"}, "invalid_format", "/account_id"),
    ("transaction", {"booking_date": FUTURE}, "date_in_future", "/booking_date"),
    ("interaction", {"customer_id": NOBODY}, "unknown_customer", "/customer_id"),
    ("interaction", {"institution_id": NOWHERE}, "unknown_institution", "/institution_id"),
    ("interaction", {"channel": "pigeon"}, "not_one_of", "/channel"),
    ("interaction", {"duration_seconds": -1}, "out_of_range", "/duration_seconds"),
    ("interaction", {"duration_seconds": HUGE}, "out_of_range", "/duration_seconds"),
    ("interaction", {"occurred_at": FUTURE}, "occurred_in_future", "/occurred_at"),
    ("interaction", {"occurred_at": "yesterday"}, "invalid_date", "/occurred_at"),
    ("promise", {"customer_id": NOBODY}, "unknown_customer", "/customer_id"),
    ("promise", {"due": "2300-01-01"}, "date_out_of_range", "/due"),
    ("rating", {"value": 6}, "value_off_scale", "/value"),
    ("rating", {"value": 4.5}, "wrong_type", "/value"),
    ("rating", {"value": True}, "wrong_type", "/value"),
    ("rating", {"customer_id": NOBODY}, "unknown_customer", "/customer_id"),
    ("complaint", {"customer_id": NOBODY}, "unknown_customer", "/customer_id"),
    ("complaint", {"severity": "awful"}, "not_one_of", "/severity"),
    ("complaint", {"loss": {"amount": "-5.00", "currency": "CNY"}}, "negative_amount", "/loss/amount"),
    ("complaint", {"narrative": "x" * 4001}, "too_long", "/narrative"),
    ("complaint", {"sent_at": FUTURE}, "sent_in_future", "/sent_at"),
)


async def test_every_bad_field_has_its_code_and_its_place(bank: Bank) -> None:
    known = await cases(bank)
    before = await heads(bank)
    wrong: list[str] = []
    for name, change, code, pointer in TABLE:
        try:
            await refused(bank, known[name].path, 422, code, pointer, json=known[name].body | change)
        except AssertionError as error:
            wrong.append(f"{name} {list(change)}: {str(error)[:400]}")
    assert not wrong, "\n".join(wrong)
    assert await heads(bank) == before, "nothing was recorded"


async def test_every_missing_field_is_named(bank: Bank) -> None:
    known = await cases(bank)
    before = await heads(bank)
    optional = {"complaint": {"customer_id"}, "rating": {"customer_id"}}
    for name, case in known.items():
        for field in case.body.keys() - optional.get(name, set()):
            body = {key: value for key, value in case.body.items() if key != field}
            await refused(bank, case.path, 422, "missing", f"/{field}", json=body)
    assert await heads(bank) == before


async def test_what_is_no_json_is_refused_everywhere(bank: Bank) -> None:
    known = await cases(bank)
    before = await heads(bank)
    json_type = {"content-type": "application/json"}
    for case in known.values():
        whole = json.dumps(case.body).encode()
        for content, status, code in (
            (whole[:-1], 400, "invalid_json"),
            (b'\xff\xfe{"name": 1}', 400, "invalid_json"),
            (b"[" * 500_000 + b"]" * 500_000, 422, "too_deep"),
            (b"null", 422, "invalid_request"),
            (b"[]", 422, "invalid_request"),
            (b'"text"', 422, "invalid_request"),
            (whole[:-1] + b', "x": NaN}', 400, "invalid_json"),
            (b" " * (1024 * 1024 + 1), 413, "body_too_large"),
            (b"", 422, "invalid_request"),
        ):
            await refused(bank, case.path, status, code, None, content=content, headers=json_type)
    assert await heads(bank) == before


async def test_a_closed_account_and_a_wrong_state_are_conflicts(bank: Bank) -> None:
    known = await cases(bank)
    card = await account(bank, bank.customer, "2025-01-01", product="card")
    await post(bank.admin, f"/v1/accounts/{card['id']}/closure", {"effective": "2026-01-01"}, 200)
    received = await post(bank.admin, "/v1/complaints", known["complaint"].body)
    promised = await post(bank.admin, "/v1/promises", known["promise"].body)
    await post(bank.admin, f"/v1/promises/{promised['id']}/release", {}, 200)
    before = await heads(bank)
    late = known["transaction"].body | {"account_id": card["id"], "booking_date": "2026-03-01"}
    for path, body in (
        ("/v1/transactions", late),
        (f"/v1/complaints/{received['id']}/confirmations", {"answer": "satisfied"}),
        (f"/v1/complaints/{received['id']}/reopenings", {"reason": "again"}),
        (f"/v1/promises/{promised['id']}/renegotiations", {"due": "2027-02-01", "agreed": True}),
    ):
        answer = await bank.admin.post(path, json=body)
        assert answer.status_code in {409, 422}, (path, answer.text)
        assert answer.json()["code"] not in {"invalid_request", "internal_error"}, answer.text
    assert await heads(bank) == before


async def test_a_stale_version_and_a_reused_key_change_nothing(bank: Bank) -> None:
    known = await cases(bank)
    before = await heads(bank)
    path = f"/v1/customers/{bank.customer}"
    stale = await bank.admin.patch(path, json={"name": "New"}, headers={"If-Match": '"99"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    unconditional = await bank.admin.patch(path, json={"name": "New"})
    assert (unconditional.status_code, unconditional.json()["code"]) == (428, "if_match_required")
    assert await heads(bank) == before
    for name in ("interaction", "complaint", "customer"):
        case, key = known[name], {"Idempotency-Key": f"once-{name}"}
        first = await bank.admin.post(case.path, json=case.body, headers=key)
        assert first.status_code == 201, first.text
        then = await heads(bank)
        again = await bank.admin.post(case.path, json=case.body, headers=key)
        assert again.json() == first.json()
        other = {"name": "Other"} if name == "customer" else {"occurred_at": "2026-01-01"}
        await refused(bank, case.path, 422, "idempotency_key_reused", None, json=case.body | other, headers=key)
        assert await heads(bank) == then
    paid = await pay(bank, known["transaction"].body["account_id"], "2026-01-02")
    assert paid["id"]


async def test_a_bulk_request_survives_its_lines(bank: Bank) -> None:
    known = await cases(bank)
    for name in ("customer", "transaction", "interaction", "rating", "complaint"):
        case = known[name]
        before = (await heads(bank))[case.log]
        reference = {"reference": {"system": "core", "id": "line-1"}}
        good = case.body | reference
        content = b"\n".join(
            [
                json.dumps(good).encode(),
                json.dumps(good).encode(),
                json.dumps(good | {"colour": "red"}).encode(),
                b"{",
                b'"\xff"',
                json.dumps(good | {"occurred_at": FUTURE}).encode(),
                b"x" * (64 * 1024 + 1),
                json.dumps(case.body | {"reference": {"system": "core", "id": "line-8"}}).encode()[:-5],
            ]
        )
        verdicts, summary = await send_lines(bank.admin, f"{case.path}/bulk", content)
        assert [verdict["status"] for verdict in verdicts] == ["accepted", "replayed", *["rejected"] * 6], (
            name,
            verdicts,
        )
        assert summary["rejected"] == 6
        for verdict in verdicts[2:]:
            assert verdict["problem"]["code"], name
            assert "internal" not in verdict["problem"]["code"], name
        assert (await heads(bank))[case.log] == before + 1, name
