"""Whether an account's transactions add up to the balance that the bank reports beside them."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import msgspec

from services.cli.actions import BadRow
from services.cli.imports import rows, transactions
from services.cli.imports.mapping import Mapping


class Difference(msgspec.Struct, frozen=True):
    """An account whose running sum at the end of a day is not the balance reported for that day.

    `days` = how many such days of `of`; `largest` = the largest distance, in the account's currency.
    """

    account: str
    first: str
    days: int
    of: int
    largest: Decimal


class Reconciliation(msgspec.Struct, frozen=True):
    """`accounts` = how many have transactions; `differences` = those that do not add up, largest first."""

    accounts: int
    differences: list[Difference]

    def beyond(self, tolerance: Decimal) -> list[Difference]:
        """Those off by more than rounding explains."""
        return [difference for difference in self.differences if difference.largest > tolerance]


Movement = tuple[str, str, Decimal, Decimal]
"""Account, day (sortable), signed amount, balance reported beside it."""


def reconcile(movements: Iterable[Movement]) -> Reconciliation:
    """Compares at the end of each day with the nearest balance of that day: within a day the order is not kept."""
    days: dict[str, dict[str, list[tuple[Decimal, Decimal]]]] = defaultdict(lambda: defaultdict(list))
    for account, day, amount, balance in movements:
        days[account][day].append((amount, balance))
    found = [difference for account, by_day in days.items() if (difference := _difference(account, by_day))]
    found.sort(key=lambda difference: (-difference.largest, difference.account))
    return Reconciliation(len(days), found)


def _difference(account: str, by_day: dict[str, list[tuple[Decimal, Decimal]]]) -> Difference | None:
    running, first, wrong, largest = Decimal(0), "", 0, Decimal(0)
    for day in sorted(by_day):
        running += sum((amount for amount, _ in by_day[day]), Decimal(0))
        distance = min(abs(running - balance) for _, balance in by_day[day])
        if distance:
            first = first or day
            wrong += 1
            largest = max(largest, distance)
    return Difference(account, first, wrong, len(by_day), largest) if wrong else None


def movements(path: Path, mapping: Mapping) -> Iterable[Movement]:
    """The movements of a file whose mapping names a balance column; rows that cannot be read are left out."""
    for line, row in rows.read(path, mapping.file):
        if row is None:
            continue
        balance = transactions.balance(row, mapping)
        action = transactions.convert(row, mapping, line)
        if isinstance(action, BadRow) or balance is None:
            continue
        amount = Decimal(action.body["amount"]["amount"])
        signed = amount if action.body["credit_debit_indicator"] == "CRDT" else -amount
        yield row[mapping.columns.account].strip(), action.body["booking_date"], signed, balance
