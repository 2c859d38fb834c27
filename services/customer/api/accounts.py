"""Routes about accounts: open, close, read."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Response, Security

from services.customer import account
from services.customer.account import CloseAccount, OpenAccount
from services.customer.api.account_answers import shown
from services.customer.api.account_models import AccountClosureIn, AccountIn, AccountOut
from services.customer.api.common import (
    LOG,
    AccountId,
    CustomerId,
    Customers,
    InstitutionId,
    Named,
    account_target,
    customer_target,
    institution_target,
    intent,
    today,
)
from services.customer.views.accounts import ACCOUNTS
from services.customer.views.customers import CUSTOMERS
from shared import identifiers
from shared.auth import WHOLE_BANK
from shared.decider import Rejected
from shared.web import (
    BulkLines,
    Call,
    Cursor,
    Intent,
    Limit,
    Page,
    Read,
    Receipt,
    bulk,
    bulk_route,
    call,
    etag,
    found,
    problems,
    read,
    router,
)
from shared.web.resources import fresh, identity

routes = router(tags=["accounts"])
Writing = Annotated[Call, Security(call, scopes=["accounts:write"])]
Reading = Annotated[Read, Security(read, scopes=["customers:read"])]


@routes.post("/v1/accounts", status_code=201, summary="Open an account", responses=problems(404, 409, 410))
async def open_account(body: AccountIn, call: Writing, customer: Customers) -> Receipt:
    return await call.run(customer.executor, opening(body, call), topic="customer")


@routes.post("/v1/accounts/bulk", summary="Open many accounts", responses=problems(), **bulk_route(AccountIn))
async def open_accounts(lines: BulkLines, call: Writing, customer: Customers) -> Response:
    async def prepare(bodies: Sequence[AccountIn]) -> list[Intent | Rejected]:
        return [opening(body, call, line=True) for body in bodies]

    return await bulk(call, lines, customer.executor, AccountIn, prepare, topic="customer")


@routes.post("/v1/accounts/{account_id}/closure", summary="Close an account", responses=problems(404, 409))
async def close_account(account_id: AccountId, body: AccountClosureIn, call: Writing, customer: Customers) -> Receipt:
    command = CloseAccount(body.effective, today(call))
    at = call.occurred_at(body.occurred_at or body.effective)
    wanted = intent(call, [account_target(account_id)], account.close, command, at)
    return await call.run(customer.executor, wanted, topic="customer")


@routes.get("/v1/accounts/{account_id}", summary="Read an account", responses=problems(404))
async def read_account(account_id: AccountId, read: Reading, customer: Customers, response: Response) -> AccountOut:
    await fresh(read, customer.views, LOG)
    row = found(await customer.views.get(ACCOUNTS, account_id, read.scope))
    response.headers["ETag"] = etag(row.version)
    return shown(row)


@routes.get("/v1/accounts", summary="List accounts, those of an institution alone if asked", responses=problems())
async def list_accounts(
    read: Reading,
    customer: Customers,
    institution_id: InstitutionId | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AccountOut]:
    await fresh(read, customer.views, LOG)
    rows, after = await customer.views.list(
        ACCOUNTS, read.scope, institution=institution_id, after=read.after, limit=limit
    )
    return Page(items=[shown(row) for row in rows], next_cursor=read.next_cursor(after))


@routes.get("/v1/customers/{customer_id}/accounts", summary="List what a customer holds", responses=problems(404))
async def list_holdings(
    customer_id: CustomerId, read: Reading, customer: Customers, limit: Limit = 50, cursor: Cursor = None
) -> Page[AccountOut]:
    """Who may see the customer sees every account of theirs, wherever it is kept."""
    await fresh(read, customer.views, LOG)
    holder = found(await customer.views.get(CUSTOMERS, customer_id, read.scope))
    ids = [key for key in sorted(holder.holdings) if key > (read.after or "")]
    rows = await customer.views.get_many(ACCOUNTS, ids[:limit], WHOLE_BANK)
    after = ids[limit - 1] if len(ids) > limit else None
    return Page(items=[shown(rows[key]) for key in sorted(rows)], next_cursor=read.next_cursor(after))


def opening(body: AccountIn, call: Call, *, line: bool = False) -> Intent:
    """A line of a bulk request shares its idempotency key with others: without a reference it is a new account."""
    reference = body.reference.value if body.reference else None
    account_id = identifiers.new("acc") if line and reference is None else identity("acc", call, body.reference)
    command = OpenAccount(
        account_id=account_id,
        customer_id=body.customer_id,
        product=body.product,
        currency=body.currency,
        since=body.since,
        today=today(call),
        institution_id=body.institution_id,
        opening_balance_minor=body.opening_balance.minor if body.opening_balance else 0,
        balance_source=body.balance_source,
        maturity_date=body.maturity_date,
        investment=body.investment.value if body.investment else None,
        reference=reference,
    )
    institution = Named(institution_target(body.institution_id)) if body.institution_id else None
    targets = [account_target(account_id), Named(customer_target(body.customer_id)), institution]
    key = call.reference_key("account", reference)
    at = call.occurred_at(body.occurred_at or body.since)
    return intent(call, targets, account.open_account, command, at, key=key)
