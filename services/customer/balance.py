"""Recorded balances of an account, each with what it changes, so that no fold ever has to look at its neighbours."""

import datetime
from typing import Any

import msgspec

from services.customer.account import Account, check_begun, check_exists
from services.customer.contract import BalanceEffect, BalanceRecorded
from services.customer.dates import check_happened
from shared.decider import Decider, Rejected


class Balances(msgspec.Struct, frozen=True):
    """The closing booked balances known so far, by day, in minor units."""

    days: dict[datetime.date, int] = {}


class RecordBalance(msgspec.Struct, frozen=True):
    date: datetime.date
    balance_minor: int
    currency: str
    today: datetime.date


def record(balances: Balances, account: Account, command: RecordBalance) -> list[Any]:
    """The same balance of the same day says nothing new; another one corrects it."""
    check_exists(account)
    if command.currency != account.currency:
        raise Rejected("wrong_currency", "The balance is not in the account's currency.", "/balance/currency")
    check_happened(command.date, command.today, "/date")
    check_begun(account, command.date, "/date")
    if account.closed and command.date > account.closed:
        raise Rejected("account_closed", "The account was closed before that day.", "/date", kind="conflict")
    if balances.days.get(command.date) == command.balance_minor:
        return []
    return [
        BalanceRecorded(
            account_id=account.account_id,
            customer_id=account.customer_id,
            date=command.date,
            balance_minor=command.balance_minor,
            currency=command.currency,
            effects=_effects(balances, account, command),
        )
    ]


def evolve(balances: Balances, event: Any) -> Balances:
    match event:
        case BalanceRecorded():
            return Balances({**balances.days, event.date: event.balance_minor})
        case _:
            return balances


def _effects(balances: Balances, account: Account, command: RecordBalance) -> tuple[BalanceEffect, ...]:
    """Nothing where transactions make the balance: the recorded one is then only compared with their sum.

    Otherwise the change on that day, and its opposite on the next known day, whose own change counted from before.
    """
    if account.balance_source == "transactions":
        return ()
    earlier = max((day for day in balances.days if day <= command.date), default=None)
    before = account.opening_balance_minor if earlier is None else balances.days[earlier]
    change = command.balance_minor - before
    if change == 0:
        return ()
    later = min((day for day in balances.days if day > command.date), default=None)
    effect = BalanceEffect(command.date, change)
    return (effect,) if later is None else (effect, BalanceEffect(later, -change))


decider = Decider(Balances(), evolve)
