"""One row per transaction, found by its account; and one per reported balance."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from services.customer import contract as c
from shared.envelope import Envelope
from shared.projection import Index, View


class TransactionRow(msgspec.Struct, frozen=True):
    """`reversed_because` None: it stands."""

    posted: c.TransactionPosted
    position: int
    occurred_at: datetime
    recorded_at: datetime
    version: int
    reversed_because: str | None = None


class BalanceRow(msgspec.Struct, frozen=True):
    account_id: str
    date: date
    balance_minor: int
    currency: str
    recorded_at: datetime


def transaction_ids(envelope: Envelope) -> Sequence[str]:
    known = isinstance(envelope.data, c.TransactionPosted | c.TransactionReversed)
    return (envelope.data.transaction_id,) if known else ()


def evolve_transaction(row: TransactionRow | None, _: str, envelope: Envelope) -> TransactionRow | None:
    event = envelope.data
    if isinstance(event, c.TransactionPosted):
        return TransactionRow(event, envelope.position, envelope.occurred_at, envelope.recorded_at, envelope.version)
    if row is None:
        return None
    return msgspec.structs.replace(row, version=envelope.version, reversed_because=event.reason)


def balance_ids(envelope: Envelope) -> Sequence[str]:
    event = envelope.data
    return (f"{event.account_id}:{event.date.isoformat()}",) if isinstance(event, c.BalanceRecorded) else ()


def evolve_balance(_: BalanceRow | None, __: str, envelope: Envelope) -> BalanceRow:
    event: c.BalanceRecorded = envelope.data
    return BalanceRow(event.account_id, event.date, event.balance_minor, event.currency, envelope.recorded_at)


def _transaction_index(row: TransactionRow) -> Index:
    posted = row.posted
    rank = f"{posted.booking_date.isoformat()}:{row.position:020d}"
    return Index(owner=posted.account_id, institution=posted.institution_id, rank=rank)


TRANSACTIONS = View(
    name="transaction",
    row=TransactionRow,
    ids=transaction_ids,
    evolve=evolve_transaction,
    index=_transaction_index,
)
BALANCES = View(
    name="balance",
    row=BalanceRow,
    ids=balance_ids,
    evolve=evolve_balance,
    index=lambda row: Index(owner=row.account_id, rank=row.date.isoformat()),
)
