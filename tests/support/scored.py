"""All four services in one process with the small bank of `support.contacts`: facts in, scores out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from services.complaint import app as complaint
from services.customer import app as customer
from services.interaction import app as interaction
from services.scoring import app as scoring
from support.contacts import Bank, get, opened, person, post
from support.hosted import Hosted, hosted

SERVICES = (customer.compose, interaction.compose, complaint.compose, scoring.compose)
ZONE = ZoneInfo("Asia/Shanghai")


@asynccontextmanager
async def whole(data: Path, **given: Any) -> AsyncIterator[Hosted]:
    """The embedded application on a data folder."""
    async with hosted(SERVICES, data, **given) as app:
        yield app


@asynccontextmanager
async def whole_bank(data: Path, **given: Any) -> AsyncIterator[Bank]:
    """The application with its bank, both customers registered 600 days ago."""
    async with whole(data, **given) as app:
        bank = await opened(app)
        bank.customer = await person_at(bank, bank.branch)
        bank.stranger = await person_at(bank, bank.elsewhere)
        yield bank


async def person_at(bank: Bank, institution: str, **given: Any) -> str:
    """A customer of old, known to scoring."""
    body = person("Cleo", institution) | {"occurred_at": ago(600)} | given
    receipt = await post(bank.admin, "/v1/customers", body)
    await relationship(bank, receipt["id"], receipt)
    return receipt["id"]


def ago(days: int) -> str:
    """A local day before today."""
    return (datetime.now(ZONE).date() - timedelta(days=days)).isoformat()


def today() -> date:
    return datetime.now(ZONE).date()


def now() -> str:
    return datetime.now(UTC).isoformat()


async def account(bank: Bank, customer_id: str, since: str, **given: Any) -> dict[str, Any]:
    body = {"customer_id": customer_id, "product": "demand_deposit", "currency": "CNY", "since": since} | given
    return await post(bank.admin, "/v1/accounts", {"occurred_at": since} | body)


async def pay(bank: Bank, account_id: str, day: str, amount: str = "500.00", **given: Any) -> dict[str, Any]:
    body = {
        "reference": {"system": "core", "id": f"{account_id[-6:]}-{day}-{amount}"},
        "account_id": account_id,
        "credit_debit_indicator": "CRDT",
        "amount": {"amount": amount, "currency": "CNY"},
        "booking_date": day,
        "occurred_at": day,
        "initiated_by": "customer",
    }
    return await post(bank.admin, "/v1/transactions", body | given)


async def meet(bank: Bank, customer_id: str, at: str, **given: Any) -> dict[str, Any]:
    body = {
        "customer_id": customer_id,
        "channel": "counter",
        "direction": "in",
        "purpose": "service",
        "outcome": "reached",
        "employee_id": "e1",
        "occurred_at": at,
    }
    return await post(bank.admin, "/v1/interactions", body | given)


async def rate(bank: Bank, customer_id: str, at: str, value: int = 5, **given: Any) -> dict[str, Any]:
    body = {
        "customer_id": customer_id,
        "element": "overall",
        "value": value,
        "scale_min": 1,
        "scale_max": 5,
        "source": "device",
        "occurred_at": at,
    }
    return await post(bank.admin, "/v1/ratings", body | given)


async def complain(bank: Bank, customer_id: str, at: str, **given: Any) -> dict[str, Any]:
    body = {
        "customer_id": customer_id,
        "channel": "counter",
        "product": "card",
        "issue": "fee",
        "severity": "major",
        "occurred_at": at,
    }
    return await post(bank.admin, "/v1/complaints", body | given)


async def relationship(bank: Bank, customer_id: str, *receipts: dict[str, Any], **query: Any) -> dict[str, Any]:
    """The assessment that has seen these receipts."""
    return await get(bank.admin, f"/v1/relationships/{customer_id}", after(*receipts), **query)


def after(*receipts: dict[str, Any]) -> dict[str, Any]:
    """One receipt for all."""
    return {"position": ",".join(receipt["position"] for receipt in receipts)}


async def eventually(
    client: httpx.AsyncClient, path: str, wanted: Any, seconds: float = 10, **query: Any
) -> dict[str, Any]:
    """The first answer that `wanted` accepts."""
    answer: httpx.Response | None = None
    try:
        async with asyncio.timeout(seconds):
            while True:
                answer = await client.get(path, params=query)
                if answer.status_code == 200 and wanted(answer.json()):
                    return answer.json()
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"never as wanted: {answer.text if answer else 'no answer'}") from None


async def storied(bank: Bank) -> list[dict[str, Any]]:
    """A year of the customer at the first branch; the last receipt of each log and topic."""
    opening = await account(bank, bank.customer, ago(500), opening_balance={"amount": "9000.00", "currency": "CNY"})
    paid = [await pay(bank, opening["id"], ago(day), f"{100 + day}.25", purchase=True) for day in (300, 200, 60, 20, 3)]
    met = [await meet(bank, bank.customer, ago(day)) for day in (250, 100, 40, 10)]
    rated = [await rate(bank, bank.customer, ago(day), value) for day, value in ((90, 4), (5, 5))]
    promised = await post(
        bank.admin,
        "/v1/promises",
        {"customer_id": bank.customer, "owner_id": "e1", "due": ago(30), "occurred_at": ago(50)},
    )
    kept = await post(bank.admin, f"/v1/promises/{promised['id']}/fulfilment", {"occurred_at": ago(35)}, 200)
    complained = await complain(bank, bank.customer, ago(80))
    del met, rated
    return [opening, paid[-1], kept, complained]
