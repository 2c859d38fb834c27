"""Accounts as answers show them."""

from services.customer.api.account_models import AccountOut, BalanceOut, HolderOut, StandingOrderOut
from services.customer.contract import StandingOrderSet
from services.customer.views.accounts import AccountRow
from shared.web import MoneyOut
from shared.web.resources import ReferenceOut


def shown(row: AccountRow) -> AccountOut:
    """One account."""
    currency = row.currency
    return AccountOut(
        id=row.account_id,
        customer_id=row.customer_id,
        institution_id=row.institution_id,
        product=row.product,
        currency=currency,
        since=row.since,
        balance_source=row.balance_source,
        opening_balance=MoneyOut.of(row.opening_balance_minor, currency),
        balance=MoneyOut.of(row.balance_minor, currency),
        running=MoneyOut.of(row.running_minor, currency),
        transactions=row.transactions,
        version=row.version,
        reported=_reported(row),
        maturity_date=row.maturity_date,
        closed=row.closed,
        reference=ReferenceOut.of(row.reference),
        holders=[HolderOut(customer_id=key, since=since) for key, since in row.holders.items()],
        standing_orders=[_standing_order(order) for order in row.standing_orders.values()],
    )


def _reported(row: AccountRow) -> BalanceOut | None:
    if row.reported is None:
        return None
    return BalanceOut(date=row.reported.date, balance=MoneyOut.of(row.reported.balance_minor, row.currency))


def _standing_order(order: StandingOrderSet) -> StandingOrderOut:
    return StandingOrderOut(
        id=order.standing_order_id,
        amount=MoneyOut.of(order.amount_minor, order.currency),
        purpose=order.purpose,
        reference=ReferenceOut.of(order.reference),
    )
