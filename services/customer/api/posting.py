"""From a transaction as a source system sends it to the decision about it."""

from services.customer import transaction
from services.customer.api.common import Named, account_target, counterparty, intent, today, transaction_target
from services.customer.api.transaction_models import TransactionIn
from services.customer.service import CustomerService
from services.customer.transaction import PostTransaction
from shared import identifiers
from shared.decider import Rejected
from shared.money import MoneyError, convert
from shared.web import Call, Intent


def posting(body: TransactionIn, call: Call, service: CustomerService) -> Intent:
    """Raises `Rejected` `no_rate` when the amount cannot be put into the base currency."""
    reference = body.reference.value
    transaction_id = identifiers.derived("txn", reference.system, reference.id)
    code = body.bank_transaction_code
    command = PostTransaction(
        transaction_id=transaction_id,
        account_id=body.account_id,
        reference=reference,
        credit_debit_indicator=body.credit_debit_indicator,
        amount_minor=body.amount.minor,
        currency=body.amount.currency,
        base_amount_minor=_base_amount(body, service),
        booking_date=body.booking_date,
        today=today(call),
        initiated_by=body.initiated_by,
        value_date=body.value_date,
        channel=body.channel,
        external=body.external,
        purchase=body.purchase,
        bank_transaction_code=code.value if code else None,
        counterparty=counterparty(call, body.counterparty),
    )
    targets = [transaction_target(transaction_id), Named(account_target(body.account_id))]
    key = call.reference_key("transaction", reference)
    at = call.occurred_at(body.occurred_at or body.booking_date)
    return intent(call, targets, transaction.post, command, at, key=key)


def line(body: TransactionIn, call: Call, service: CustomerService) -> Intent | Rejected:
    """As `posting`, with a refusal as the line's verdict."""
    try:
        return posting(body, call, service)
    except Rejected as rejected:
        return rejected


def _base_amount(body: TransactionIn, service: CustomerService) -> int:
    money = body.amount
    try:
        return convert(money.minor, money.currency, service.base_currency, body.booking_date, service.rates)
    except MoneyError as error:
        raise Rejected(error.code, error.detail, "/amount/currency") from None
