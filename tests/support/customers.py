"""Events and commands of the customer service with sensible values, for specs. Every function takes overrides."""

from datetime import date
from typing import Any

from services.customer import account, contract, transaction
from services.customer import customer as customers
from shared.envelope import Reference, Sealed

HEAD = "ins_" + "a" * 32
BRANCH = "ins_" + "b" * 32
OTHER_BRANCH = "ins_" + "c" * 32
CUSTOMER = "cus_" + "1" * 32
SPOUSE = "cus_" + "2" * 32
ACCOUNT = "acc_" + "3" * 32
TRANSACTION = "txn_" + "4" * 32
TODAY = date(2026, 3, 2)
CODE = Reference("core", "4711")


def sealed(field: str, subject: str = CUSTOMER) -> Sealed:
    return Sealed(subject, field, "b64:sealed")


def head_registered(**given: Any) -> contract.InstitutionRegistered:
    values: dict[str, Any] = {"institution_id": HEAD, "name": "Head", "level": "head_office"}
    return contract.InstitutionRegistered(**values | given)


def branch_registered(**given: Any) -> contract.InstitutionRegistered:
    values: dict[str, Any] = {"institution_id": BRANCH, "name": "Harbour", "level": "branch", "parent_id": HEAD}
    return contract.InstitutionRegistered(**values | given)


def customer_registered(**given: Any) -> contract.CustomerRegistered:
    values: dict[str, Any] = {
        "customer_id": CUSTOMER,
        "kind": "personal",
        "institution_id": BRANCH,
        "name": sealed("name"),
    }
    return contract.CustomerRegistered(**values | given)


def register_customer(**given: Any) -> customers.RegisterCustomer:
    values: dict[str, Any] = {
        "customer_id": CUSTOMER,
        "kind": "personal",
        "institution_id": BRANCH,
        "name": sealed("name"),
    }
    return customers.RegisterCustomer(**values | given)


def account_opened(**given: Any) -> contract.AccountOpened:
    values: dict[str, Any] = {
        "account_id": ACCOUNT,
        "customer_id": CUSTOMER,
        "product": "demand_deposit",
        "currency": "CNY",
        "institution_id": BRANCH,
        "since": date(2026, 1, 1),
    }
    return contract.AccountOpened(**values | given)


def account_closed(**given: Any) -> contract.AccountClosed:
    values: dict[str, Any] = {
        "account_id": ACCOUNT,
        "customer_id": CUSTOMER,
        "product": "demand_deposit",
        "effective": TODAY,
    }
    return contract.AccountClosed(**values | given)


def open_account(**given: Any) -> account.OpenAccount:
    values: dict[str, Any] = {
        "account_id": ACCOUNT,
        "customer_id": CUSTOMER,
        "product": "demand_deposit",
        "currency": "CNY",
        "since": date(2026, 1, 1),
        "today": TODAY,
    }
    return account.OpenAccount(**values | given)


def transaction_posted(**given: Any) -> contract.TransactionPosted:
    values: dict[str, Any] = {
        "transaction_id": TRANSACTION,
        "account_id": ACCOUNT,
        "customer_id": CUSTOMER,
        "institution_id": BRANCH,
        "reference": CODE,
        "credit_debit_indicator": "CRDT",
        "amount_minor": 12_50,
        "currency": "CNY",
        "base_amount_minor": 12_50,
        "booking_date": date(2026, 2, 1),
        "value_date": date(2026, 2, 1),
        "initiated_by": "customer",
    }
    return contract.TransactionPosted(**values | given)


def post_transaction(**given: Any) -> transaction.PostTransaction:
    values: dict[str, Any] = {
        "transaction_id": TRANSACTION,
        "account_id": ACCOUNT,
        "reference": CODE,
        "credit_debit_indicator": "CRDT",
        "amount_minor": 12_50,
        "currency": "CNY",
        "base_amount_minor": 12_50,
        "booking_date": date(2026, 2, 1),
        "today": TODAY,
        "initiated_by": "customer",
    }
    return transaction.PostTransaction(**values | given)
