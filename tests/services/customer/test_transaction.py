from datetime import UTC, date, datetime

import pytest

from services.customer import account, transaction
from services.customer.contract import BankTransactionCode, OriginalTransaction, TransactionReversed
from services.customer.transaction import ReverseTransaction
from support.customers import (
    ACCOUNT,
    CODE,
    CUSTOMER,
    TRANSACTION,
    account_closed,
    account_opened,
    post_transaction,
    transaction_posted,
)
from support.spec import Given, given

THEN = datetime(2026, 1, 31, 16, tzinfo=UTC)
REVERSED = TransactionReversed(
    TRANSACTION, ACCOUNT, CUSTOMER, "booked twice", OriginalTransaction(THEN, transaction_posted())
)


def posting(*events: object, account_events: tuple[object, ...] = (account_opened(),)) -> Given:
    return given(transaction.decider, events).and_given(account.decider, account_events)


def test_posted() -> None:
    posting().when(transaction.post, post_transaction()).then([transaction_posted()])


def test_posted_with_everything_the_bank_knows() -> None:
    known = {
        "value_date": date(2026, 2, 3),
        "channel": "mobile",
        "external": "out",
        "purchase": True,
        "bank_transaction_code": BankTransactionCode("PMNT", "ICDT"),
        "counterparty": "hash",
    }
    posting().when(transaction.post, post_transaction(**known)).then([transaction_posted(**known)])


def test_balance_not_fed_where_balances_are_recorded() -> None:
    kept = (account_opened(balance_source="recorded"),)
    posting(account_events=kept).when(transaction.post, post_transaction()).then(
        [transaction_posted(feeds_balance=False)]
    )


def test_posting_again_ignored() -> None:
    posting(transaction_posted()).when(transaction.post, post_transaction()).then_nothing()


def test_same_reference_with_another_amount_conflicts() -> None:
    posting(transaction_posted()).when(transaction.post, post_transaction(amount_minor=1)).then_rejected(
        "reference_reused", kind="conflict", pointer="/reference"
    )


def test_unknown_account_rejected() -> None:
    posting(account_events=()).when(transaction.post, post_transaction()).then_rejected(
        "unknown_account", pointer="/account_id"
    )


def test_closed_account_conflicts_from_the_day_it_closed() -> None:
    closed = (account_opened(), account_closed(effective=date(2026, 2, 1)))
    posting(account_events=closed).when(transaction.post, post_transaction()).then_rejected(
        "account_closed", kind="conflict", pointer="/account_id"
    )


def test_late_booking_from_before_closing_posted() -> None:
    closed = (account_opened(), account_closed(effective=date(2026, 2, 2)))
    posting(account_events=closed).when(transaction.post, post_transaction()).then([transaction_posted()])


@pytest.mark.parametrize(
    ("changed", "code", "pointer"),
    [
        ({"amount_minor": 0}, "bad_amount", "/amount/amount"),
        ({"amount_minor": -5}, "bad_amount", "/amount/amount"),
        ({"currency": "EUR"}, "wrong_currency", "/amount/currency"),
        ({"booking_date": date(2026, 3, 3)}, "date_in_future", "/booking_date"),
        ({"booking_date": date(1899, 3, 3)}, "date_out_of_range", "/booking_date"),
        ({"booking_date": date(2025, 12, 31)}, "before_account_opened", "/booking_date"),
        ({"value_date": date(1899, 3, 3)}, "date_out_of_range", "/value_date"),
    ],
)
def test_impossible_posting_rejected(changed: dict[str, object], code: str, pointer: str) -> None:
    posting().when(transaction.post, post_transaction(**changed)).then_rejected(code, pointer=pointer)


def test_reversed_with_the_original_whole() -> None:
    given(transaction.decider, [transaction_posted()], at=THEN).when(
        transaction.reverse, ReverseTransaction("booked twice")
    ).then([REVERSED])


def test_reversing_again_ignored() -> None:
    given(transaction.decider, [transaction_posted(), REVERSED], at=THEN).when(
        transaction.reverse, ReverseTransaction("again")
    ).then_nothing()


def test_reversing_nothing_not_found() -> None:
    given(transaction.decider).when(transaction.reverse, ReverseTransaction("x")).then_rejected("not_found")


def test_reference_of_a_reversed_transaction_stays_used() -> None:
    posting(transaction_posted(), REVERSED).when(transaction.post, post_transaction()).then_nothing()
    assert transaction_posted().reference == CODE
