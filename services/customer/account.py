"""An account: anything a customer holds with the bank. Its stream stays short; money moves on streams of its own."""

from datetime import date
from typing import Any

import msgspec

from services.customer.contract import (
    AccountClosed,
    AccountHolderAdded,
    AccountHolderRemoved,
    AccountOpened,
    BalanceSource,
    Investment,
    Product,
    StandingOrderSet,
)
from services.customer.customer import Customer, check_named
from services.customer.dates import check_happened
from services.customer.institution import Institution, check_usable
from shared.decider import Decider, Rejected
from shared.envelope import Reference


class Account(msgspec.Struct, frozen=True):
    """What later decisions need to know. `account_id` is empty until it is opened; `holders` are the co-holders."""

    account_id: str = ""
    customer_id: str = ""
    institution_id: str = ""
    product: Product = "demand_deposit"
    currency: str = ""
    since: date = date.min
    opening_balance_minor: int = 0
    balance_source: BalanceSource = "transactions"
    closed: date | None = None
    holders: frozenset[str] = frozenset()
    standing_orders: dict[str, StandingOrderSet] = {}


class OpenAccount(msgspec.Struct, frozen=True):
    """`institution_id` None: the customer's home institution. Amounts in the minor unit of `currency`."""

    account_id: str
    customer_id: str
    product: Product
    currency: str
    since: date
    today: date
    institution_id: str | None = None
    opening_balance_minor: int = 0
    balance_source: BalanceSource = "transactions"
    maturity_date: date | None = None
    investment: Investment | None = None
    reference: Reference | None = None


class CloseAccount(msgspec.Struct, frozen=True):
    effective: date
    today: date


class AddHolder(msgspec.Struct, frozen=True):
    customer_id: str
    since: date
    today: date


class RemoveHolder(msgspec.Struct, frozen=True):
    customer_id: str
    effective: date
    today: date


class SetStandingOrder(msgspec.Struct, frozen=True):
    """`counterparty` arrives as a keyed hash."""

    standing_order_id: str
    amount_minor: int
    currency: str
    counterparty: str | None = None
    purpose: str | None = None
    reference: Reference | None = None


def open_account(
    account: Account, customer: Customer, institution: Institution | None, command: OpenAccount
) -> list[Any]:
    """`institution` is the state of `command.institution_id`, None where the command names none."""
    if account.account_id:
        return _reopen(account, command)
    check_named(customer, "/customer_id")
    if institution is not None:
        check_usable(institution, "/institution_id")
    check_happened(command.since, command.today, "/since")
    if command.maturity_date and command.maturity_date < command.since:
        raise Rejected("maturity_before_opening", "The maturity date is before the account began.", "/maturity_date")
    return [
        AccountOpened(
            account_id=command.account_id,
            customer_id=command.customer_id,
            product=command.product,
            currency=command.currency,
            institution_id=command.institution_id or customer.institution_id,
            since=command.since,
            opening_balance_minor=command.opening_balance_minor,
            balance_source=command.balance_source,
            maturity_date=command.maturity_date,
            investment=command.investment,
            reference=command.reference,
        )
    ]


def close(account: Account, command: CloseAccount) -> list[Any]:
    """Every co-holder loses the account in the same append: under their own key nothing else would tell them."""
    check_exists(account)
    if account.closed:
        return []
    check_happened(command.effective, command.today, "/effective")
    check_begun(account, command.effective, "/effective")
    closed = AccountClosed(account.account_id, account.customer_id, account.product, command.effective)
    return [closed, *(_removed(account, holder, command.effective) for holder in sorted(account.holders))]


def add_holder(account: Account, holder: Customer, command: AddHolder) -> list[Any]:
    _check_open(account)
    check_named(holder, "/customer_id")
    if command.customer_id == account.customer_id:
        raise Rejected("primary_holder", "The customer is the account's primary holder.", "/customer_id")
    if command.customer_id in account.holders:
        return []
    check_happened(command.since, command.today, "/since")
    check_begun(account, command.since, "/since")
    return [AccountHolderAdded(account.account_id, command.customer_id, account.product, command.since)]


def remove_holder(account: Account, command: RemoveHolder) -> list[Any]:
    check_exists(account)
    if command.customer_id == account.customer_id:
        raise Rejected("primary_holder", "The customer is the account's primary holder.", "/customer_id")
    if command.customer_id not in account.holders:
        return []
    check_happened(command.effective, command.today, "/effective")
    check_begun(account, command.effective, "/effective")
    return [_removed(account, command.customer_id, command.effective)]


def set_standing_order(account: Account, command: SetStandingOrder) -> list[Any]:
    _check_open(account)
    if command.currency != account.currency:
        raise Rejected("wrong_currency", "The amount is not in the account's currency.", "/amount/currency")
    if command.amount_minor <= 0:
        raise Rejected("bad_amount", "The amount is not positive.", "/amount/amount")
    wanted = StandingOrderSet(
        standing_order_id=command.standing_order_id,
        account_id=account.account_id,
        customer_id=account.customer_id,
        amount_minor=command.amount_minor,
        currency=command.currency,
        counterparty=command.counterparty,
        purpose=command.purpose,
        reference=command.reference,
    )
    return [] if account.standing_orders.get(command.standing_order_id) == wanted else [wanted]


def evolve(account: Account, event: Any) -> Account:
    match event:
        case AccountOpened():
            return Account(
                account_id=event.account_id,
                customer_id=event.customer_id,
                institution_id=event.institution_id,
                product=event.product,
                currency=event.currency,
                since=event.since,
                opening_balance_minor=event.opening_balance_minor,
                balance_source=event.balance_source,
            )
        case AccountClosed():
            return msgspec.structs.replace(account, closed=event.effective)
        case AccountHolderAdded():
            return msgspec.structs.replace(account, holders=account.holders | {event.customer_id})
        case AccountHolderRemoved():
            return msgspec.structs.replace(account, holders=account.holders - {event.customer_id})
        case StandingOrderSet():
            orders = {**account.standing_orders, event.standing_order_id: event}
            return msgspec.structs.replace(account, standing_orders=orders)
        case _:
            return account


def owner(account: Account) -> str | None:
    """The institution that keeps the account, whom the access rules ask about."""
    return account.institution_id or None


def check_exists(account: Account) -> None:
    """Refuse a path that names no account."""
    if not account.account_id:
        raise Rejected("not_found", "No such resource.", kind="not_found")


def check_begun(account: Account, day: date, pointer: str) -> None:
    """Refuse a day before the account began."""
    if day < account.since:
        raise Rejected("before_account_opened", "The date is before the account began.", pointer)


def _check_open(account: Account) -> None:
    check_exists(account)
    if account.closed:
        raise Rejected("account_closed", "The account is closed.", kind="conflict")


def _reopen(account: Account, command: OpenAccount) -> list[Any]:
    known = (account.customer_id, account.product, account.currency, account.since)
    if known == (command.customer_id, command.product, command.currency, command.since):
        return []
    raise Rejected("already_opened", "The account is opened differently.", kind="conflict")


def _removed(account: Account, holder: str, effective: date) -> AccountHolderRemoved:
    return AccountHolderRemoved(account.account_id, holder, account.product, effective)


decider = Decider(Account(), evolve)
