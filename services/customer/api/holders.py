"""Routes about who holds an account, its standing orders and its recorded balances."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Response, Security

from services.customer import account, balance
from services.customer.account import AddHolder, RemoveHolder, SetStandingOrder
from services.customer.api.account_models import (
    BalanceIn,
    BalanceOut,
    HolderIn,
    HolderLineIn,
    HolderRemovalIn,
    StandingOrderIn,
    StandingOrderLineIn,
)
from services.customer.api.common import (
    LOG,
    AccountId,
    Customers,
    Named,
    account_target,
    balance_target,
    counterparty,
    customer_target,
    intent,
    today,
)
from services.customer.balance import RecordBalance
from services.customer.views.accounts import ACCOUNTS
from services.customer.views.transactions import BALANCES
from shared import identifiers
from shared.auth import WHOLE_BANK
from shared.web import (
    BulkLines,
    Call,
    Cursor,
    Intent,
    Limit,
    MoneyOut,
    Page,
    Read,
    Receipt,
    bulk,
    bulk_route,
    call,
    found,
    problems,
    read,
    router,
)
from shared.web.resources import fresh, identity

routes = router(tags=["accounts"])
Writing = Annotated[Call, Security(call, scopes=["accounts:write"])]
Reading = Annotated[Read, Security(read, scopes=["customers:read"])]


@routes.post("/v1/accounts/{account_id}/holders", summary="Add a co-holder", responses=problems(404, 409, 410))
async def add_holder(account_id: AccountId, body: HolderIn, call: Writing, customer: Customers) -> Receipt:
    return await call.run(customer.executor, adding(account_id, body, call), topic="customer")


@routes.post(
    "/v1/accounts/holders/bulk", summary="Add many co-holders", responses=problems(), **bulk_route(HolderLineIn)
)
async def add_holders(lines: BulkLines, call: Writing, customer: Customers) -> Response:
    """A verdict's id is the account's."""

    async def prepare(bodies: Sequence[HolderLineIn]) -> list[Intent]:
        return [adding(body.account_id, body, call) for body in bodies]

    return await bulk(call, lines, customer.executor, HolderLineIn, prepare, topic="customer")


@routes.post("/v1/accounts/{account_id}/holder-removals", summary="Remove a co-holder", responses=problems(404, 409))
async def remove_holder(account_id: AccountId, body: HolderRemovalIn, call: Writing, customer: Customers) -> Receipt:
    command = RemoveHolder(body.customer_id, body.effective, today(call))
    at = call.occurred_at(body.occurred_at or body.effective)
    wanted = intent(call, [account_target(account_id)], account.remove_holder, command, at)
    return await call.run(customer.executor, wanted, topic="customer")


@routes.post("/v1/accounts/{account_id}/standing-orders", summary="Set a standing order", responses=problems(404, 409))
async def set_standing_order(
    account_id: AccountId, body: StandingOrderIn, call: Writing, customer: Customers
) -> Receipt:
    standing_order_id = identity("sto", call, body.reference)
    wanted = ordering(account_id, standing_order_id, body, call)
    receipt = await call.run(customer.executor, wanted, topic="customer")
    return receipt.model_copy(update={"id": standing_order_id})


@routes.post(
    "/v1/accounts/standing-orders/bulk",
    summary="Set many standing orders",
    responses=problems(),
    **bulk_route(StandingOrderLineIn),
)
async def set_standing_orders(lines: BulkLines, call: Writing, customer: Customers) -> Response:
    """A verdict's id is the account's. Without a reference a line is a new order."""

    async def prepare(bodies: Sequence[StandingOrderLineIn]) -> list[Intent]:
        return [ordering(body.account_id, _order_id(body, call), body, call) for body in bodies]

    return await bulk(call, lines, customer.executor, StandingOrderLineIn, prepare, topic="customer")


@routes.post(
    "/v1/accounts/{account_id}/balances", status_code=201, summary="Record a balance", responses=problems(404, 409)
)
async def record_balance(account_id: AccountId, body: BalanceIn, call: Writing, customer: Customers) -> Receipt:
    command = RecordBalance(body.date, body.balance.minor, body.balance.currency, today(call))
    targets = [balance_target(account_id), account_target(account_id)]
    wanted = intent(call, targets, balance.record, command, call.occurred_at(body.occurred_at or body.date))
    receipt = await call.run(customer.executor, wanted, topic="transaction", match=False)
    return receipt.model_copy(update={"id": account_id})


@routes.get("/v1/accounts/{account_id}/balances", summary="List recorded balances", responses=problems(404))
async def list_balances(
    account_id: AccountId, read: Reading, customer: Customers, limit: Limit = 50, cursor: Cursor = None
) -> Page[BalanceOut]:
    """Latest first. The account decides who may see them."""
    await fresh(read, customer.views, LOG)
    found(await customer.views.get(ACCOUNTS, account_id, read.scope))
    rows, after = await customer.views.list(
        BALANCES, WHOLE_BANK, owner=account_id, after=read.after, limit=limit, descending=True
    )
    items = [BalanceOut(date=row.date, balance=MoneyOut.of(row.balance_minor, row.currency)) for row in rows]
    return Page(items=items, next_cursor=read.next_cursor(after))


def adding(account_id: str, body: HolderIn, call: Call) -> Intent:
    command = AddHolder(body.customer_id, body.since, today(call))
    targets = [account_target(account_id), Named(customer_target(body.customer_id))]
    return intent(call, targets, account.add_holder, command, call.occurred_at(body.occurred_at or body.since))


def ordering(account_id: str, standing_order_id: str, body: StandingOrderIn, call: Call) -> Intent:
    command = SetStandingOrder(
        standing_order_id=standing_order_id,
        amount_minor=body.amount.minor,
        currency=body.amount.currency,
        counterparty=counterparty(call, body.counterparty),
        purpose=body.purpose,
        reference=body.reference.value if body.reference else None,
    )
    at = call.occurred_at(body.occurred_at)
    return intent(call, [account_target(account_id)], account.set_standing_order, command, at)


def _order_id(body: StandingOrderIn, call: Call) -> str:
    """Lines of one request share its idempotency key, so that it cannot name their orders."""
    return identity("sto", call, body.reference) if body.reference else identifiers.new("sto")
