from typing import Any

import pytest

from support.hosted import ndjson, send_lines


async def test_posted_and_read_back_at_once(bank: Any) -> None:
    done = await bank.post("/v1/transactions", bank.transaction("t1", counterparty="Shop 17", purchase=True))
    answer = await bank.admin.get(f"/v1/transactions/{done['id']}", params={"min_position": done["position"]})
    row = answer.json()
    assert done["position"].startswith("customer/transaction:")
    assert row["base_amount"] == {"amount": "12.50", "currency": "CNY"}
    assert row["occurred_at"] == "2026-01-31T16:00:00Z", "00:00 of the booking date in Shanghai"
    assert (row["value_date"], row["purchase"], row["reversed_because"]) == ("2026-02-01", True, None)
    assert "Shop 17" not in answer.text
    assert (await bank.get(f"/v1/accounts/{bank.account}"))["balance"]["amount"] == "12.50"


async def test_repetition_replayed_and_other_body_refused(bank: Any) -> None:
    first = await bank.post("/v1/transactions", bank.transaction("t1"))
    again = await bank.admin.post("/v1/transactions", json=bank.transaction("t1"))
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first, "true")
    other = await bank.admin.post("/v1/transactions", json=bank.transaction("t1", purchase=True))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (await bank.get(f"/v1/accounts/{bank.account}", first["position"]))["transactions"] == 1


async def test_reversed(bank: Any) -> None:
    done = await bank.post("/v1/transactions", bank.transaction("t1"))
    path = f"/v1/transactions/{done['id']}"
    reversal = await bank.post(f"{path}/reversal", {"reason": "booked twice"}, 200)
    assert (await bank.get(path, reversal["position"]))["reversed_because"] == "booked twice"
    assert (await bank.get(f"/v1/accounts/{bank.account}"))["balance"]["amount"] == "0.00"
    assert await bank.post(f"{path}/reversal", {"reason": "again"}, 200) == reversal


async def test_foreign_amount_has_its_base_amount(bank: Any) -> None:
    body = {"customer_id": bank.customer, "product": "demand_deposit", "currency": "CZK", "since": "2026-01-01"}
    crowns = (await bank.post("/v1/accounts", body))["id"]
    amount = {"amount": "100.00", "currency": "CZK"}
    done = await bank.post("/v1/transactions", bank.transaction("t1", account_id=crowns, amount=amount))
    row = await bank.get(f"/v1/transactions/{done['id']}", done["position"])
    assert row["base_amount"] == {"amount": "32.00", "currency": "CNY"}


async def test_every_bad_line_has_its_own_verdict(bank: Any) -> None:
    closed = {"customer_id": bank.customer, "product": "card", "currency": "CNY", "since": "2026-01-01"}
    closed_id = (await bank.post("/v1/accounts", closed))["id"]
    await bank.post(f"/v1/accounts/{closed_id}/closure", {"effective": "2026-01-15"}, 200)
    make = bank.transaction
    lines = [
        (make("good"), "accepted", ""),
        (make("good"), "replayed", ""),
        (make("good", purchase=True), "rejected", "idempotency_key_reused"),
        (make("b1", account_id="acc_" + "0" * 32), "rejected", "unknown_account"),
        (make("b2", account_id=closed_id), "rejected", "account_closed"),
        (make("b3", amount={"amount": "0.00", "currency": "CNY"}), "rejected", "bad_amount"),
        (make("b4", amount={"amount": "-5.00", "currency": "CNY"}), "rejected", "invalid_request"),
        (make("b5", amount={"amount": "1.00", "currency": "EUR"}), "rejected", "wrong_currency"),
        (make("b6", amount={"amount": "1", "currency": "JPY"}), "rejected", "no_rate"),
        (make("b7", booking_date="2025-12-31"), "rejected", "before_account_opened"),
        (make("b8", booking_date="2126-01-01"), "rejected", "date_in_future"),
        (make("b9", initiated_by="nobody"), "rejected", "invalid_request"),
        ({"reference": {"system": "core", "id": "b10"}}, "rejected", "invalid_request"),
        ([], "rejected", "invalid_request"),
        (make("good2"), "accepted", ""),
    ]
    content = ndjson(body for body, _, _ in lines) + b'{"truncated'
    verdicts, summary = await send_lines(bank.admin, "/v1/transactions/bulk", content)
    answered = [(verdict["status"], verdict.get("problem", {}).get("code", "")) for verdict in verdicts]
    assert answered == [*((status, code) for _, status, code in lines), ("rejected", "invalid_json")]
    assert [verdict["line"] for verdict in verdicts] == list(range(1, len(lines) + 2))
    assert summary == {"accepted": 2, "replayed": 1, "rejected": 13, "limit": 0}
    done = verdicts[len(lines) - 1]["position"]
    assert (await bank.get(f"/v1/accounts/{bank.account}", done))["transactions"] == 2


async def test_sending_a_bulk_again_replays_all_of_it(bank: Any) -> None:
    content = ndjson(bank.transaction(f"t{number}") for number in range(600))
    _, first = await send_lines(bank.admin, "/v1/transactions/bulk", content)
    verdicts, again = await send_lines(bank.admin, "/v1/transactions/bulk", content)
    assert (first["accepted"], again["replayed"]) == (600, 600)
    page = await bank.get(f"/v1/accounts/{bank.account}/transactions", verdicts[-1]["position"], limit=100)
    assert (len(page["items"]), page["next_cursor"] is None) == (100, False)
    assert (await bank.get(f"/v1/accounts/{bank.account}"))["transactions"] == 600


async def test_listed_by_booking_date_latest_first(bank: Any) -> None:
    for reference, day in (("t1", "2026-02-03"), ("t2", "2026-02-01"), ("t3", "2026-02-02")):
        done = await bank.post("/v1/transactions", bank.transaction(reference, booking_date=day))
    page = await bank.get(f"/v1/accounts/{bank.account}/transactions", done["position"])
    assert [item["booking_date"] for item in page["items"]] == ["2026-02-03", "2026-02-02", "2026-02-01"]


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"reference": None}, "/reference", "wrong_type"),
        ({"amount": {"amount": 12.5, "currency": "CNY"}}, "/amount/amount", "wrong_type"),
        ({"amount": {"amount": "1e400", "currency": "CNY"}}, "/amount/amount", "invalid_amount"),
        ({"amount": {"amount": "NaN", "currency": "CNY"}}, "/amount/amount", "invalid_amount"),
        ({"amount": {"amount": "9" * 30, "currency": "CNY"}}, "/amount/amount", "amount_too_large"),
        ({"amount": {"amount": "1.005", "currency": "CNY"}}, "/amount/amount", "too_precise"),
        ({"amount": {"amount": "1.00", "currency": "XXX"}}, "/amount/currency", "unknown_currency"),
        ({"booking_date": "2026-02-30"}, "/booking_date", "invalid_date"),
        ({"bank_transaction_code": {"domain": "pmnt", "family": "ICDT"}}, "/bank_transaction_code/domain", ""),
        ({"account_id": "../acc"}, "/account_id", "invalid_format"),
        ({"purchase": "yes"}, "/purchase", "wrong_type"),
    ],
)
async def test_bad_input_has_a_code_and_a_pointer(bank: Any, change: dict[str, Any], pointer: str, code: str) -> None:
    answer = await bank.admin.post("/v1/transactions", json=bank.transaction("t1") | change)
    assert answer.status_code == 422, answer.text
    (error,) = [error for error in answer.json()["errors"] if error["pointer"] == pointer]
    assert error["code"] == (code or "invalid_format")


async def test_other_branch_posts_and_sees_nothing(bank: Any) -> None:
    done = await bank.post("/v1/transactions", bank.transaction("t1"))
    teller = bank.client("teller", bank.other_branch)
    assert (await teller.get(f"/v1/transactions/{done['id']}")).status_code == 404
    reversal = await teller.post(f"/v1/transactions/{done['id']}/reversal", json={"reason": "x"})
    assert reversal.status_code == 404
    posted = await teller.post("/v1/transactions", json=bank.transaction("t2"))
    assert posted.json()["errors"][0]["code"] == "unknown_account"
