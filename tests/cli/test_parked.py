"""A customer's key that is really parked: listed, shown, tried in vain, and freed once the cause is gone."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.customer import contract
from shared.envelope import NewEvent
from shared.log import Append, Expected, Write
from support.scored import account, ago, pay, whole_bank
from support.served import Served, served

OLD = 0
"""A schema of posted transactions that nobody can read any more: its upcaster was lost."""
TYPE = "transaction.posted"


class Case(msgspec.Struct):
    """A data folder with one customer in it, and the account of hers that the unreadable event is about."""

    data: Path
    customer: str
    account: str
    institution: str


@pytest.fixture
async def case(tmp_path: Path) -> Case:
    async with whole_bank(tmp_path) as bank:
        opened = await account(bank, bank.customer, ago(300))
        await pay(bank, opened["id"], ago(40))
        return Case(tmp_path, bank.customer, opened["id"], bank.branch)


def unreadable(case: Case) -> Append:
    """As an earlier version wrote it: the amount had another name."""
    data = {
        "transaction_id": "txn_old",
        "account_id": case.account,
        "customer_id": case.customer,
        "institution_id": case.institution,
        "reference": {"system": "old", "id": "1"},
        "credit_debit_indicator": "CRDT",
        "amount": 700,
        "currency": "CNY",
        "booking_date": ago(30),
        "value_date": ago(30),
        "initiated_by": "customer",
    }
    event = NewEvent(case.customer, TYPE, OLD, msgspec.json.encode(data), datetime.now(UTC))
    return Append((Write("transaction-txn_old", Expected.NO_STREAM, (event,)),))


def upcaster(data: dict[str, Any]) -> dict[str, Any]:
    amount = data.pop("amount")
    return data | {"amount_minor": amount, "base_amount_minor": amount}


async def listed(guanxi: Served, keys: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for _ in range(100):
        found = await guanxi.told("parked", "list")
        if len(found) == keys:
            break
        await asyncio.sleep(0.1)
    return found


async def test_a_parked_key_is_freed_once_its_cause_is_gone(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(case.data) as guanxi:
        await guanxi.app.state.services["customer"].log.append([unreadable(case)])
        found = await listed(guanxi, 2)
        assert {(each["projection"], each["key"], each["waiting"]) for each in found} == {
            ("customer_views", case.customer, 1),
            ("evidence", case.customer, 1),
        }
        (shown,) = await guanxi.told("parked", "show", case.customer)
        assert shown["error"].startswith(f"{TYPE} v{OLD}: KeyError")

        vain = await guanxi.guanxi("parked", "retry", case.customer)
        assert (vain.exit_code, "0 applied, 1 still waiting" in vain.output) == (1, True)
        ill = await guanxi.guanxi("doctor", "--json")
        assert ill.exit_code == 1
        assert json.loads(ill.stdout)["wrong"] == ["customer_views: 1 parked", "evidence: 1 parked"]
        report = await guanxi.told("verify")
        assert (report["parked"], report["lost"], report["different"]) == (1, 0, 0)

    monkeypatch.setitem(contract.UPCASTERS, (TYPE, OLD), upcaster)
    async with served(case.data) as guanxi:
        for projection in ("customer_views", "evidence"):
            answer = await guanxi.told("parked", "retry", case.customer, "--projection", projection)
            assert answer == {"applied": 1, "remaining": 0, "error": ""}
        gone = await guanxi.guanxi("parked", "show", case.customer)
        assert (gone.exit_code, "nothing is parked under this key" in gone.output) == (1, True)
        report = await guanxi.told("verify")
        assert (report["parked"], report["lost"], report["doubled"], report["different"]) == (0, 0, 0, 0)
        assert (await guanxi.told("doctor"))["wrong"] == []


async def test_doctor_tells_lags_and_logs(case: Case) -> None:
    async with served(case.data) as guanxi:
        found = await guanxi.told("doctor")
        printed = await guanxi.guanxi("doctor")

    assert found["services"]["scoring"]["lag"] == {"evidence": 0}
    assert found["logs"]["customer"]["head"] > 0
    assert found["logs"]["customer"]["unpublished"] is None
    assert found["broker"] is None
    assert "all is well" in printed.output
