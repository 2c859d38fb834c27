"""One row per account: terms, holders, standing orders, the sum of its transactions and the reported balance."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import msgspec

from services.customer import contract as c
from services.customer.views import standing
from shared.envelope import Envelope, Reference
from shared.projection import Index, View

replace = msgspec.structs.replace

OWED = frozenset(
    {
        "fixed_asset_loan",
        "working_capital_loan",
        "real_estate_loan",
        "consumer_loan",
        "bill_discount",
        "guarantee",
    }
)
"""Products whose balance is what the customer owes: a debit raises it."""


class Reported(msgspec.Struct, frozen=True):
    """A closing booked balance as the bank reports it."""

    date: date
    balance_minor: int


class AccountRow(msgspec.Struct, frozen=True):
    """`running_minor` is the opening balance and all transactions, whatever the balance source."""

    account_id: str
    customer_id: str
    institution_id: str
    product: c.Product
    currency: str
    since: date
    opening_balance_minor: int
    balance_source: c.BalanceSource
    running_minor: int
    version: int
    transactions: int = 0
    maturity_date: date | None = None
    investment: c.Investment | None = None
    reference: Reference | None = None
    closed: date | None = None
    holders: dict[str, date] = {}
    standing_orders: dict[str, c.StandingOrderSet] = {}
    reported: Reported | None = None

    @property
    def balance_minor(self) -> int:
        """The balance that counts, from the account's own source; a closed account has none."""
        if self.closed:
            return 0
        if self.balance_source == "transactions":
            return self.running_minor
        return self.reported.balance_minor if self.reported else self.opening_balance_minor


def ids(envelope: Envelope) -> Sequence[str]:
    event: Any = envelope.data
    return (event.account_id,) if isinstance(event, (c.AccountOpened, *CHANGES)) else ()


def evolve(row: AccountRow | None, _: str, envelope: Envelope) -> AccountRow | None:
    event = envelope.data
    if isinstance(event, c.AccountOpened):
        return _opened(event, envelope)
    if row is None:
        return None
    version = envelope.version if envelope.stream == f"account-{row.account_id}" else row.version
    return CHANGES[type(event)](replace(row, version=version), event)


def effect(product: str, indicator: c.CreditDebit, amount_minor: int) -> int:
    """What a booking adds to the balance of an account of this product."""
    return amount_minor if (indicator == "DBIT") == (product in OWED) else -amount_minor


def _opened(event: c.AccountOpened, envelope: Envelope) -> AccountRow:
    return AccountRow(
        account_id=event.account_id,
        customer_id=event.customer_id,
        institution_id=event.institution_id,
        product=event.product,
        currency=event.currency,
        since=event.since,
        opening_balance_minor=event.opening_balance_minor,
        balance_source=event.balance_source,
        running_minor=event.opening_balance_minor,
        version=envelope.version,
        maturity_date=event.maturity_date,
        investment=event.investment,
        reference=event.reference,
    )


def _posted(row: AccountRow, event: c.TransactionPosted) -> AccountRow:
    change = effect(row.product, event.credit_debit_indicator, event.amount_minor)
    return replace(row, running_minor=row.running_minor + change, transactions=row.transactions + 1)


def _reversed(row: AccountRow, event: c.TransactionReversed) -> AccountRow:
    original = event.original.data
    change = effect(row.product, original.credit_debit_indicator, original.amount_minor)
    return replace(row, running_minor=row.running_minor - change, transactions=row.transactions - 1)


def _reported(row: AccountRow, event: c.BalanceRecorded) -> AccountRow:
    if row.reported and row.reported.date > event.date:
        return row
    return replace(row, reported=Reported(event.date, event.balance_minor))


def _left(row: AccountRow, event: c.AccountHolderRemoved) -> AccountRow:
    return replace(row, holders={key: since for key, since in row.holders.items() if key != event.customer_id})


def _ordered(row: AccountRow, event: c.StandingOrderSet) -> AccountRow:
    return replace(row, standing_orders={**row.standing_orders, event.standing_order_id: event})


CHANGES: dict[type, Callable[[AccountRow, Any], AccountRow]] = {
    c.AccountClosed: lambda row, event: replace(row, closed=event.effective),
    c.AccountHolderAdded: lambda row, event: replace(row, holders={**row.holders, event.customer_id: event.since}),
    c.AccountHolderRemoved: _left,
    c.StandingOrderSet: _ordered,
    c.BalanceRecorded: _reported,
    c.TransactionPosted: _posted,
    c.TransactionReversed: _reversed,
}


ACCOUNTS = View(
    name="account",
    row=AccountRow,
    ids=ids,
    evolve=evolve,
    index=lambda row: Index(
        owner=row.customer_id,
        institution=row.institution_id,
        rank=standing.rank(row.account_id, gone=row.closed is not None),
    ),
)
