"""A transaction: money that moved on an account, as the bank booked it, under the bank's own reference."""

from datetime import date, datetime
from typing import Any

import msgspec

from services.customer.account import Account, check_begun
from services.customer.contract import (
    BankTransactionCode,
    CreditDebit,
    External,
    Initiator,
    OriginalTransaction,
    TransactionPosted,
    TransactionReversed,
)
from services.customer.dates import check_happened, check_known
from shared.decider import Decider, Rejected
from shared.envelope import Reference


class Transaction(msgspec.Struct, frozen=True):
    """What was posted and when, and whether it was taken back."""

    original: OriginalTransaction | None = None
    reversed: bool = False


class PostTransaction(msgspec.Struct, frozen=True):
    """`base_amount_minor` at the booking date's rate; `counterparty` arrives as a keyed hash."""

    transaction_id: str
    account_id: str
    reference: Reference
    credit_debit_indicator: CreditDebit
    amount_minor: int
    currency: str
    base_amount_minor: int
    booking_date: date
    today: date
    initiated_by: Initiator
    value_date: date | None = None
    channel: str = ""
    external: External = "none"
    purchase: bool = False
    bank_transaction_code: BankTransactionCode | None = None
    counterparty: str | None = None


class ReverseTransaction(msgspec.Struct, frozen=True):
    reason: str


def post(transaction: Transaction, account: Account, command: PostTransaction) -> list[Any]:
    """The account is read and guarded, never written: its stream stays short however much moves on it."""
    _check_account(account, command)
    _check_amount(account, command)
    posted = _posted(account, command)
    if transaction.original is None:
        return [posted]
    if transaction.original.data == posted:
        return []
    raise Rejected("reference_reused", "The reference names another transaction.", "/reference", kind="conflict")


def reverse(transaction: Transaction, command: ReverseTransaction) -> list[Any]:
    """Takes the posting back, whole; the posting itself stays in the log."""
    original = transaction.original
    if original is None:
        raise Rejected("not_found", "No such resource.", kind="not_found")
    if transaction.reversed:
        return []
    posted = original.data
    return [TransactionReversed(posted.transaction_id, posted.account_id, posted.customer_id, command.reason, original)]


def evolve(transaction: Transaction, event: Any, occurred_at: datetime) -> Transaction:
    match event:
        case TransactionPosted():
            return Transaction(OriginalTransaction(occurred_at, event))
        case TransactionReversed():
            return msgspec.structs.replace(transaction, reversed=True)
        case _:
            return transaction


def owner(transaction: Transaction) -> str | None:
    """The institution that kept the account at posting time, whom the access rules ask about."""
    return transaction.original.data.institution_id if transaction.original else None


def _check_account(account: Account, command: PostTransaction) -> None:
    if not account.account_id:
        raise Rejected("unknown_account", "No such account.", "/account_id")
    check_happened(command.booking_date, command.today, "/booking_date")
    if command.value_date is not None:
        check_known(command.value_date, "/value_date")
    check_begun(account, command.booking_date, "/booking_date")
    if account.closed and command.booking_date >= account.closed:
        raise Rejected("account_closed", "The account was closed by that day.", "/account_id", kind="conflict")


def _check_amount(account: Account, command: PostTransaction) -> None:
    if command.currency != account.currency:
        raise Rejected("wrong_currency", "The amount is not in the account's currency.", "/amount/currency")
    if command.amount_minor <= 0:
        raise Rejected("bad_amount", "The amount is not positive.", "/amount/amount")


def _posted(account: Account, command: PostTransaction) -> TransactionPosted:
    return TransactionPosted(
        transaction_id=command.transaction_id,
        account_id=account.account_id,
        customer_id=account.customer_id,
        institution_id=account.institution_id,
        reference=command.reference,
        credit_debit_indicator=command.credit_debit_indicator,
        amount_minor=command.amount_minor,
        currency=command.currency,
        base_amount_minor=command.base_amount_minor,
        booking_date=command.booking_date,
        value_date=command.value_date or command.booking_date,
        initiated_by=command.initiated_by,
        channel=command.channel,
        external=command.external,
        purchase=command.purchase,
        feeds_balance=account.balance_source == "transactions",
        bank_transaction_code=command.bank_transaction_code,
        counterparty=command.counterparty,
    )


decider = Decider(Transaction(), evolve, dated=True)
