from typing import Any

import pytest


async def test_accounts_of_a_customer(bank: Any) -> None:
    other = {"customer_id": bank.customer, "product": "term_deposit", "currency": "CNY", "since": "2026-02-01"}
    other |= {"opening_balance": {"amount": "1000.00", "currency": "CNY"}, "maturity_date": "2027-02-01"}
    done = await bank.post("/v1/accounts", other)
    first = await bank.get(f"/v1/customers/{bank.customer}/accounts", done["position"], limit=1)
    second = await bank.get(f"/v1/customers/{bank.customer}/accounts", limit=1, cursor=first["next_cursor"])
    assert {first["items"][0]["id"], second["items"][0]["id"]} == {bank.account, done["id"]}
    assert second["next_cursor"] is None
    row = await bank.get(f"/v1/accounts/{done['id']}")
    assert row["balance"] == {"amount": "1000.00", "currency": "CNY"}
    assert (row["institution_id"], row["maturity_date"]) == (bank.branch, "2027-02-01")


async def test_closing_ends_every_holding(bank: Any) -> None:
    spouse = (await bank.register())["id"]
    holder = {"customer_id": spouse, "since": "2026-01-05"}
    await bank.post(f"/v1/accounts/{bank.account}/holders", holder, 200)
    closure = {"effective": "2026-03-01"}
    done = await bank.post(f"/v1/accounts/{bank.account}/closure", closure, 200)
    row = await bank.get(f"/v1/accounts/{bank.account}", done["position"])
    assert (row["closed"], row["holders"], row["balance"]["amount"]) == ("2026-03-01", [], "0.00")
    for customer, role in ((bank.customer, "primary"), (spouse, "co_holder")):
        (held,) = (await bank.get(f"/v1/customers/{customer}"))["holdings"]
        assert (held["role"], held["until"]) == (role, "2026-03-01")
    again = await bank.post(f"/v1/accounts/{bank.account}/closure", closure, 200)
    assert again["version"] == done["version"]


async def test_co_holder_removed(bank: Any) -> None:
    spouse = (await bank.register())["id"]
    path = f"/v1/accounts/{bank.account}"
    await bank.post(f"{path}/holders", {"customer_id": spouse, "since": "2026-01-05"}, 200)
    done = await bank.post(f"{path}/holder-removals", {"customer_id": spouse, "effective": "2026-02-05"}, 200)
    assert (await bank.get(path, done["position"]))["holders"] == []


async def test_standing_order_keeps_no_counterparty_in_clear(bank: Any) -> None:
    body = {"amount": {"amount": "900.00", "currency": "CNY"}, "counterparty": "Landlord Chen", "purpose": "rent"}
    done = await bank.post(f"/v1/accounts/{bank.account}/standing-orders", body, 200)
    answer = await bank.admin.get(f"/v1/accounts/{bank.account}", params={"min_position": done["position"]})
    (order,) = answer.json()["standing_orders"]
    assert (order["id"], order["amount"]["amount"], order["purpose"]) == (done["id"], "900.00", "rent")
    assert "Landlord" not in answer.text


async def test_standing_order_of_one_reference_can_be_changed(bank: Any) -> None:
    body = {"amount": {"amount": "900.00", "currency": "CNY"}, "reference": {"system": "core", "id": "so-1"}}
    path = f"/v1/accounts/{bank.account}"
    first = await bank.post(f"{path}/standing-orders", body, 200)
    dearer = body | {"amount": {"amount": "950.00", "currency": "CNY"}}
    done = await bank.post(f"{path}/standing-orders", dearer, 200)
    assert done["id"] == first["id"]
    (order,) = (await bank.get(path, done["position"]))["standing_orders"]
    assert order["amount"]["amount"] == "950.00"


async def test_recorded_balances(bank: Any) -> None:
    body = {"customer_id": bank.customer, "product": "fund", "currency": "EUR", "since": "2026-01-01"}
    fund = (await bank.post("/v1/accounts", body | {"balance_source": "recorded"}))["id"]
    for day, amount in (("2026-01-20", "200.00"), ("2026-01-10", "250.00")):
        balance = {"date": day, "balance": {"amount": amount, "currency": "EUR"}}
        done = await bank.post(f"/v1/accounts/{fund}/balances", balance)
        assert done["id"] == fund
    row = await bank.get(f"/v1/accounts/{fund}", done["position"])
    assert row["reported"] == {"date": "2026-01-20", "balance": {"amount": "200.00", "currency": "EUR"}}
    assert row["balance"]["amount"] == "200.00"
    page = await bank.get(f"/v1/accounts/{fund}/balances")
    assert [item["date"] for item in page["items"]] == ["2026-01-20", "2026-01-10"]


async def test_bulk_opens_with_a_verdict_per_line(bank: Any) -> None:
    from support.hosted import ndjson, send_lines

    good = {"customer_id": bank.customer, "product": "card", "currency": "CNY", "since": "2026-01-01"}
    lines = [
        good | {"reference": {"system": "core", "id": "a1"}},
        good | {"reference": {"system": "core", "id": "a1"}},
        good | {"reference": {"system": "core", "id": "a1"}, "currency": "EUR"},
        good | {"customer_id": "cus_" + "0" * 32},
        good | {"opening_balance": {"amount": "1", "currency": "EUR"}},
        good,
    ]
    verdicts, summary = await send_lines(bank.admin, "/v1/accounts/bulk", ndjson(lines))
    assert [verdict["status"] for verdict in verdicts] == [
        "accepted",
        "replayed",
        "rejected",
        "rejected",
        "rejected",
        "accepted",
    ]
    codes = [verdict["problem"]["code"] for verdict in verdicts[2:4]]
    assert codes == ["idempotency_key_reused", "unknown_customer"]
    assert verdicts[4]["problem"]["errors"][0]["code"] == "wrong_currency"
    assert verdicts[0]["id"] == verdicts[1]["id"]
    assert summary == {"accepted": 2, "replayed": 1, "rejected": 3, "limit": 0}


async def test_bulk_holders_and_standing_orders_have_a_verdict_per_line(bank: Any) -> None:
    from support.hosted import ndjson, send_lines

    spouse = (await bank.register(name="Li Na"))["id"]
    holder = {"account_id": bank.account, "customer_id": spouse, "since": "2026-01-05"}
    lines = [holder, holder, holder | {"customer_id": "cus_" + "0" * 32}, holder | {"account_id": "acc_" + "0" * 32}]
    verdicts, _ = await send_lines(bank.admin, "/v1/accounts/holders/bulk", ndjson(lines))
    assert [each["status"] for each in verdicts] == ["accepted", "replayed", "rejected", "rejected"]
    assert [each["problem"]["code"] for each in verdicts[2:]] == ["unknown_customer", "not_found"]

    rent = {"account_id": bank.account, "amount": {"amount": "800.00", "currency": "CNY"}, "purpose": "rent"}
    known = rent | {"reference": {"system": "core", "id": "s1"}}
    dearer = known | {"amount": {"amount": "900.00", "currency": "CNY"}}
    lines = [rent, rent, known, dearer, known | {"amount": {"amount": "0", "currency": "CNY"}}]
    verdicts, summary = await send_lines(bank.admin, "/v1/accounts/standing-orders/bulk", ndjson(lines))
    assert summary == {"accepted": 4, "replayed": 0, "rejected": 1, "limit": 0}
    row = await bank.get(f"/v1/accounts/{bank.account}", verdicts[3]["position"])
    assert sorted(each["amount"]["amount"] for each in row["standing_orders"]) == ["800.00", "800.00", "900.00"]
    assert [each["customer_id"] for each in row["holders"]] == [spouse]


async def test_bulk_holders_and_standing_orders_of_another_branch_are_not_found(bank: Any) -> None:
    from support.hosted import ndjson, send_lines

    teller = bank.client("teller", bank.other_branch)
    given = {"account_id": bank.account}
    holder = given | {"customer_id": bank.customer, "since": "2026-01-05"}
    order = given | {"amount": {"amount": "1.00", "currency": "CNY"}}
    for path, line in (("holders", holder), ("standing-orders", order)):
        (verdict,), _ = await send_lines(teller, f"/v1/accounts/{path}/bulk", ndjson([line]))
        assert verdict["problem"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("holders", {"customer_id": "cus_" + "0" * 32, "since": "2026-01-05"}, 422, "unknown_customer"),
        ("closure", {"effective": "2025-12-31"}, 422, "before_account_opened"),
        ("closure", {"effective": "2126-01-01"}, 422, "date_in_future"),
        ("closure", {}, 422, "invalid_request"),
        ("balances", {"date": "2026-01-10", "balance": {"amount": "1", "currency": "EUR"}}, 422, "wrong_currency"),
        ("standing-orders", {"amount": {"amount": "-1", "currency": "CNY"}}, 422, "invalid_request"),
        ("standing-orders", {"amount": {"amount": "0", "currency": "CNY"}}, 422, "bad_amount"),
    ],
)
async def test_bad_input(bank: Any, path: str, body: dict[str, Any], status: int, code: str) -> None:
    answer = await bank.admin.post(f"/v1/accounts/{bank.account}/{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_other_branch_sees_nothing(bank: Any) -> None:
    teller = bank.client("teller", bank.other_branch)
    account = f"/v1/accounts/{bank.account}"
    for path in (account, f"{account}/transactions", f"{account}/balances"):
        assert (await teller.get(path)).status_code == 404
    assert (await teller.get("/v1/accounts")).json()["items"] == []
    for path, body in (
        ("closure", {"effective": "2026-03-01"}),
        ("balances", {"date": "2026-01-10", "balance": {"amount": "1", "currency": "CNY"}}),
        ("standing-orders", {"amount": {"amount": "1", "currency": "CNY"}}),
        ("holder-removals", {"customer_id": bank.customer, "effective": "2026-03-01"}),
    ):
        assert (await teller.post(f"{account}/{path}", json=body)).status_code == 404, path
    opening = {"customer_id": bank.customer, "product": "card", "currency": "CNY", "since": "2026-01-01"}
    answer = await teller.post("/v1/accounts", json=opening)
    assert answer.json()["errors"][0]["code"] == "unknown_customer"
