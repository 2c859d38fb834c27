from datetime import date

import pytest

from services.customer import account, customer, institution
from services.customer.account import AddHolder, CloseAccount, RemoveHolder, SetStandingOrder
from services.customer.contract import AccountHolderAdded, AccountHolderRemoved, CustomerErased, StandingOrderSet
from support.customers import (
    ACCOUNT,
    BRANCH,
    CUSTOMER,
    OTHER_BRANCH,
    SPOUSE,
    TODAY,
    account_closed,
    account_opened,
    branch_registered,
    customer_registered,
    open_account,
)
from support.spec import Given, given

DAY = date(2026, 2, 1)
TOMORROW = date(2026, 3, 3)
BEFORE = date(2025, 12, 31)
ADDED = AccountHolderAdded(ACCOUNT, SPOUSE, "demand_deposit", DAY)
RENT = SetStandingOrder("sto_1", 900_00, "CNY", "hash", "rent")
RENT_SET = StandingOrderSet("sto_1", ACCOUNT, CUSTOMER, 900_00, "CNY", "hash", "rent")


def opening(*events: object) -> Given:
    return given(account.decider, events).and_given(customer.decider, [customer_registered()]).and_none()


def test_opened_at_the_home_institution() -> None:
    opening().when(account.open_account, open_account()).then([account_opened()])


def test_opened_at_another_institution() -> None:
    other = branch_registered(institution_id=OTHER_BRANCH)
    given(account.decider).and_given(customer.decider, [customer_registered()]).and_given(
        institution.decider, [other]
    ).when(account.open_account, open_account(institution_id=OTHER_BRANCH)).then(
        [account_opened(institution_id=OTHER_BRANCH)]
    )


def test_opening_again_ignored_even_when_closed() -> None:
    opening(account_opened()).when(account.open_account, open_account()).then_nothing()
    opening(account_opened(), account_closed()).when(account.open_account, open_account()).then_nothing()


def test_opening_differently_conflicts() -> None:
    opening(account_opened()).when(account.open_account, open_account(currency="EUR")).then_rejected(
        "already_opened", kind="conflict"
    )


def test_unknown_customer_rejected() -> None:
    given(account.decider).and_given(customer.decider).and_none().when(
        account.open_account, open_account()
    ).then_rejected("unknown_customer", pointer="/customer_id")


def test_erased_customer_gone() -> None:
    erased = [customer_registered(), CustomerErased(CUSTOMER)]
    given(account.decider).and_given(customer.decider, erased).and_none().when(
        account.open_account, open_account()
    ).then_rejected("customer_erased", kind="gone")


@pytest.mark.parametrize(
    ("given_field", "code", "pointer"),
    [
        ({"since": TOMORROW}, "date_in_future", "/since"),
        ({"since": date(1899, 1, 1)}, "date_out_of_range", "/since"),
        ({"maturity_date": BEFORE}, "maturity_before_opening", "/maturity_date"),
    ],
)
def test_impossible_dates_rejected(given_field: dict[str, date], code: str, pointer: str) -> None:
    opening().when(account.open_account, open_account(**given_field)).then_rejected(code, pointer=pointer)


def test_closed() -> None:
    given(account.decider, [account_opened()]).when(account.close, CloseAccount(TODAY, TODAY)).then([account_closed()])


def test_closing_tells_every_co_holder() -> None:
    given(account.decider, [account_opened(), ADDED]).when(account.close, CloseAccount(TODAY, TODAY)).then(
        [account_closed(), AccountHolderRemoved(ACCOUNT, SPOUSE, "demand_deposit", TODAY)]
    )


def test_closing_again_ignored() -> None:
    given(account.decider, [account_opened(), account_closed()]).when(
        account.close, CloseAccount(TOMORROW, TODAY)
    ).then_nothing()


@pytest.mark.parametrize(("effective", "code"), [(TOMORROW, "date_in_future"), (BEFORE, "before_account_opened")])
def test_closing_on_an_impossible_day_rejected(effective: date, code: str) -> None:
    given(account.decider, [account_opened()]).when(account.close, CloseAccount(effective, TODAY)).then_rejected(
        code, pointer="/effective"
    )


def test_holder_added() -> None:
    spouse = customer_registered(customer_id=SPOUSE)
    given(account.decider, [account_opened()]).and_given(customer.decider, [spouse]).when(
        account.add_holder, AddHolder(SPOUSE, DAY, TODAY)
    ).then([ADDED])


def test_adding_a_holder_again_ignored() -> None:
    spouse = customer_registered(customer_id=SPOUSE)
    given(account.decider, [account_opened(), ADDED]).and_given(customer.decider, [spouse]).when(
        account.add_holder, AddHolder(SPOUSE, TODAY, TODAY)
    ).then_nothing()


def test_unknown_holder_rejected() -> None:
    given(account.decider, [account_opened()]).and_given(customer.decider).when(
        account.add_holder, AddHolder(SPOUSE, DAY, TODAY)
    ).then_rejected("unknown_customer", pointer="/customer_id")


def test_primary_holder_is_no_co_holder() -> None:
    given(account.decider, [account_opened()]).and_given(customer.decider, [customer_registered()]).when(
        account.add_holder, AddHolder(CUSTOMER, DAY, TODAY)
    ).then_rejected("primary_holder", pointer="/customer_id")
    given(account.decider, [account_opened()]).when(
        account.remove_holder, RemoveHolder(CUSTOMER, DAY, TODAY)
    ).then_rejected("primary_holder", pointer="/customer_id")


def test_holder_of_a_closed_account_conflicts() -> None:
    spouse = customer_registered(customer_id=SPOUSE)
    given(account.decider, [account_opened(), account_closed()]).and_given(customer.decider, [spouse]).when(
        account.add_holder, AddHolder(SPOUSE, DAY, TODAY)
    ).then_rejected("account_closed", kind="conflict")


def test_holder_removed() -> None:
    given(account.decider, [account_opened(), ADDED]).when(
        account.remove_holder, RemoveHolder(SPOUSE, TODAY, TODAY)
    ).then([AccountHolderRemoved(ACCOUNT, SPOUSE, "demand_deposit", TODAY)])


def test_removing_who_does_not_hold_it_ignored() -> None:
    given(account.decider, [account_opened()]).when(
        account.remove_holder, RemoveHolder(SPOUSE, TODAY, TODAY)
    ).then_nothing()


def test_standing_order_set_and_changed() -> None:
    given(account.decider, [account_opened()]).when(account.set_standing_order, RENT).then([RENT_SET])
    dearer = SetStandingOrder("sto_1", 950_00, "CNY", "hash", "rent")
    given(account.decider, [account_opened(), RENT_SET]).when(account.set_standing_order, dearer).then(
        [StandingOrderSet("sto_1", ACCOUNT, CUSTOMER, 950_00, "CNY", "hash", "rent")]
    )


def test_same_standing_order_ignored() -> None:
    given(account.decider, [account_opened(), RENT_SET]).when(account.set_standing_order, RENT).then_nothing()


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [(900_00, "EUR", "wrong_currency"), (0, "CNY", "bad_amount"), (-1, "CNY", "bad_amount")],
)
def test_impossible_standing_order_rejected(amount: int, currency: str, code: str) -> None:
    command = SetStandingOrder("sto_1", amount, currency)
    given(account.decider, [account_opened()]).when(account.set_standing_order, command).then_rejected(code)


def test_no_account_not_found() -> None:
    given(account.decider).when(account.close, CloseAccount(TODAY, TODAY)).then_rejected("not_found", kind="not_found")
    given(account.decider).when(account.set_standing_order, RENT).then_rejected("not_found", kind="not_found")


def test_account_kept_by_its_institution() -> None:
    assert account.owner(account.decider.evolve(account.Account(), account_opened())) == BRANCH
