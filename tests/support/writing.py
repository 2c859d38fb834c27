"""A core banking system that outlives every fault: it repeats what was not answered, and remembers what was."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import httpx

from services.cli.client import Api, Verdict
from services.cli.errors import ApiError, CliError
from services.cli.verify import Report, verified
from shared.identifiers import derived

LINES = 500
PATIENCE = 120.0
"""Seconds without any progress after which waiting ends: longer than any fault here lasts."""
FIRST = date(2025, 1, 1)


class Writer:
    """Posts transactions of its own customers, and keeps the ledger of what was accepted.

    Args:
        name: the source system; another name writes another bank.
    """

    def __init__(self, api: Api, name: str, customers: int) -> None:
        self.accepted: dict[str, str] = {}
        self.latest: dict[str, str] = {}
        self.repeated = 0
        self.customers = [derived("cus", name, f"customer-{number}") for number in range(customers)]
        self.accounts = [derived("acc", name, f"account-{number}") for number in range(customers)]
        self._name = name
        self._api = api
        self._next = 0

    async def open(self) -> None:
        """The institution, the customers and an account for each."""
        head = {"reference": self._reference("head"), "name": "Head office", "level": "head_office"}
        institution = (await self._api.post("customer", "/v1/institutions", head)).body["id"]
        everyone = range(len(self.customers))
        people = [
            {
                "reference": self._reference(f"customer-{number}"),
                "kind": "personal",
                "institution_id": institution,
                "name": f"Customer {number}",
                "contact": {},
                "occurred_at": FIRST.isoformat(),
            }
            for number in everyone
        ]
        accounts = [
            {
                "reference": self._reference(f"account-{number}"),
                "customer_id": self.customers[number],
                "product": "demand_deposit",
                "currency": "CNY",
                "since": FIRST.isoformat(),
                "opening_balance": {"amount": "1000.00", "currency": "CNY"},
                "occurred_at": FIRST.isoformat(),
            }
            for number in everyone
        ]
        await self._settle("/v1/customers/bulk", people)
        await self._settle("/v1/accounts/bulk", accounts)

    async def write(self, transactions: int, lines: int = LINES) -> None:
        """Post so many more, each customer in turn; returns when every one of them was accepted."""
        for start in range(self._next, self._next + transactions, lines):
            numbers = range(start, min(start + lines, self._next + transactions))
            verdicts = await self._settle("/v1/transactions/bulk", [self._transaction(number) for number in numbers])
            for number, verdict in zip(numbers, verdicts, strict=True):
                self._remember(self.customers[number % len(self.customers)], verdict)
        self._next += transactions

    async def drained(self) -> None:
        """Return when the score of every customer holds their last accepted transaction."""
        for customer, position in self.latest.items():
            await answered(self._api, customer, position)

    async def check(self) -> None:
        """Every accepted transaction is in the log, at the position that was told, and only there."""
        told = {(id_, position) for id_, position in self.accepted.items()}
        found: list[tuple[str, str]] = []
        async for line in self._api.lines("customer", "/internal/v1/logs/customer"):
            event = json.loads(line)
            id_ = event["subject"].removeprefix("transaction-")
            if id_ in self.accepted:
                found.append((id_, f"customer/transaction:{int(event['sequence'])}"))
        assert len(found) == len(set(found)) == len(told)
        assert set(found) == told

    def _transaction(self, number: int) -> dict[str, Any]:
        customer, turn = number % len(self.customers), number // len(self.customers)
        return {
            "reference": self._reference(f"transaction-{number}"),
            "account_id": self.accounts[customer],
            "credit_debit_indicator": "CRDT" if number % 3 else "DBIT",
            "amount": {"amount": f"{1 + number % 97}.{number % 100:02}", "currency": "CNY"},
            "booking_date": (FIRST + timedelta(days=turn % 600)).isoformat(),
            "initiated_by": "customer" if number % 4 else "bank",
            "channel": "mobile",
        }

    def _remember(self, customer: str, verdict: Verdict) -> None:
        assert verdict.id is not None
        assert verdict.position is not None
        assert self.accepted.setdefault(verdict.id, verdict.position) == verdict.position
        self.latest[customer] = verdict.position

    def _reference(self, name: str) -> dict[str, str]:
        return {"system": self._name, "id": name}

    async def _settle(self, path: str, bodies: Sequence[dict[str, Any]]) -> list[Verdict]:
        """The verdicts of all lines, sent again as long as they are not accepted and may be."""
        settled: dict[int, Verdict] = {}
        for _ in patiently():
            waiting = [number for number in range(len(bodies)) if number not in settled]
            if not waiting:
                return [settled[number] for number in range(len(bodies))]
            lines = [json.dumps(bodies[number]).encode() for number in waiting]
            try:
                async for verdict in self._api.bulk("customer", path, lines):
                    if verdict.status in {"accepted", "replayed"}:
                        settled[waiting[verdict.line - 1]] = verdict
                        self.repeated += verdict.status == "replayed"
                    else:
                        assert verdict.problem is not None
                        assert verdict.problem.retryable, verdict
                        assert verdict.problem.code != "internal_error", verdict
            except (CliError, httpx.TransportError) as error:
                if isinstance(error, ApiError) and error.status != 503:
                    raise
            if len(settled) < len(bodies):
                await asyncio.sleep(0.2)
        raise AssertionError(f"{path} did not settle in {PATIENCE} s")


async def answered(api: Api, customer: str, position: str) -> Any:
    """The score that holds the position, however long it takes to come."""
    for _ in patiently():
        try:
            return await api.get("scoring", f"/v1/relationships/{customer}", {"min_position": position})
        except ApiError as error:
            if error.status not in {404, 503} or error.code == "customer_parked":
                raise
        except CliError:
            await asyncio.sleep(0.5)
    raise AssertionError(f"no score holds {position} after {PATIENCE} s")


async def clean(api: Api) -> Report:
    """The report of `guanxi verify`, when it finds nothing wrong and nothing parked."""
    report = await verified(api)
    assert (report.lost, report.doubled, report.different, report.parked) == (0, 0, 0, 0), report.faults
    return report


def patiently(seconds: float = PATIENCE) -> Iterator[float]:
    """Turns of a loop until patience ends; each gives the seconds left."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        yield left
