from datetime import date, timedelta
from itertools import accumulate

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as some

from services.customer import account, balance
from services.customer.balance import RecordBalance
from services.customer.contract import BalanceEffect, BalanceRecorded
from support.customers import ACCOUNT, CUSTOMER, TODAY, account_closed, account_opened
from support.spec import Given, given, state_of

SINCE = date(2026, 1, 1)
JAN_10, JAN_20 = date(2026, 1, 10), date(2026, 1, 20)
RECORDED = account_opened(balance_source="recorded", opening_balance_minor=100)


def recorded(day: date, minor: int, *effects: tuple[date, int]) -> BalanceRecorded:
    return BalanceRecorded(ACCOUNT, CUSTOMER, day, minor, "CNY", tuple(BalanceEffect(*effect) for effect in effects))


def record(day: date, minor: int, currency: str = "CNY") -> RecordBalance:
    return RecordBalance(day, minor, currency, TODAY)


def balances(*events: object) -> Given:
    return given(balance.decider, events).and_given(account.decider, [RECORDED])


def test_first_balance_changes_the_opening_one() -> None:
    balances().when(balance.record, record(JAN_10, 250)).then([recorded(JAN_10, 250, (JAN_10, 150))])


def test_next_balance_changes_the_one_before() -> None:
    balances(recorded(JAN_10, 250, (JAN_10, 150))).when(balance.record, record(JAN_20, 200)).then(
        [recorded(JAN_20, 200, (JAN_20, -50))]
    )


def test_late_balance_takes_its_change_back_on_the_next_known_day() -> None:
    balances(recorded(JAN_20, 200, (JAN_20, 100))).when(balance.record, record(JAN_10, 250)).then(
        [recorded(JAN_10, 250, (JAN_10, 150), (JAN_20, -150))]
    )


def test_corrected_balance_changes_only_until_the_next_known_day() -> None:
    history = recorded(JAN_10, 250, (JAN_10, 150)), recorded(JAN_20, 200, (JAN_20, -50))
    balances(*history).when(balance.record, record(JAN_10, 240)).then(
        [recorded(JAN_10, 240, (JAN_10, -10), (JAN_20, 10))]
    )


def test_unchanged_balance_has_no_effect_but_is_known() -> None:
    balances().when(balance.record, record(JAN_10, 100)).then([recorded(JAN_10, 100)])


def test_same_balance_again_ignored() -> None:
    balances(recorded(JAN_10, 250, (JAN_10, 150))).when(balance.record, record(JAN_10, 250)).then_nothing()


def test_balance_beside_transactions_has_no_effect() -> None:
    given(balance.decider).and_given(account.decider, [account_opened()]).when(
        balance.record, record(JAN_10, 250)
    ).then([recorded(JAN_10, 250)])


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (record(JAN_10, 1, "EUR"), "wrong_currency"),
        (record(TODAY + timedelta(days=1), 1), "date_in_future"),
        (record(SINCE - timedelta(days=1), 1), "before_account_opened"),
    ],
)
def test_impossible_balance_rejected(command: RecordBalance, code: str) -> None:
    balances().when(balance.record, command).then_rejected(code)


def test_balance_after_closing_conflicts() -> None:
    closed = [RECORDED, account_closed(effective=JAN_10)]
    given(balance.decider).and_given(account.decider, closed).when(balance.record, record(JAN_20, 1)).then_rejected(
        "account_closed", kind="conflict", pointer="/date"
    )


def test_balance_of_no_account_not_found() -> None:
    given(balance.decider).and_given(account.decider).when(balance.record, record(JAN_10, 1)).then_rejected("not_found")


DAYS = some.dates(SINCE, TODAY)


@for_all(some.lists(some.tuples(DAYS, some.integers(-1_000, 1_000)), max_size=30))
def test_effects_in_any_order_of_arrival_give_the_last_known_balance_of_every_day(
    arrivals: list[tuple[date, int]],
) -> None:
    kept = state_of(account.decider, [RECORDED])
    state = balance.Balances()
    effects: list[BalanceEffect] = []
    for day, minor in arrivals:
        for event in balance.record(state, kept, record(day, minor)):
            state = balance.evolve(state, event)
            effects.extend(event.effects)
    days = [SINCE + timedelta(days=n) for n in range((TODAY - SINCE).days + 1)]
    changes = [sum(effect.change_minor for effect in effects if effect.date == day) for day in days]
    folded = list(accumulate(changes, initial=100))[1:]
    known = dict(arrivals)
    assert folded == list(accumulate(days, lambda before, day: known.get(day, before), initial=100))[1:]  # type: ignore[arg-type]
