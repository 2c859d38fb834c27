"""Routes about transactions: post one or many, reverse, read."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Response, Security

from services.customer import transaction
from services.customer.api.common import LOG, AccountId, Customers, TransactionId, intent, transaction_target
from services.customer.api.posting import line, posting
from services.customer.api.transaction_models import ReversalIn, TransactionCodeOut, TransactionIn, TransactionOut
from services.customer.service import CustomerService
from services.customer.transaction import ReverseTransaction
from services.customer.views.accounts import ACCOUNTS
from services.customer.views.transactions import TRANSACTIONS, TransactionRow
from shared.auth import WHOLE_BANK
from shared.decider import Rejected
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
    etag,
    found,
    problems,
    read,
    router,
)
from shared.web.resources import ReferenceOut, fresh

routes = router(tags=["transactions"])
Writing = Annotated[Call, Security(call, scopes=["transactions:write"])]
Reading = Annotated[Read, Security(read, scopes=["customers:read"])]


@routes.post("/v1/transactions", status_code=201, summary="Post a transaction", responses=problems(404, 409))
async def post_transaction(body: TransactionIn, call: Writing, customer: Customers) -> Receipt:
    return await call.run(customer.executor, posting(body, call, customer), topic="transaction", match=False)


@routes.post(
    "/v1/transactions/bulk", summary="Post many transactions", responses=problems(), **bulk_route(TransactionIn)
)
async def post_transactions(lines: BulkLines, call: Writing, customer: Customers) -> Response:
    async def prepare(bodies: Sequence[TransactionIn]) -> list[Intent | Rejected]:
        return [line(body, call, customer) for body in bodies]

    return await bulk(call, lines, customer.executor, TransactionIn, prepare, topic="transaction")


@routes.post("/v1/transactions/{transaction_id}/reversal", summary="Take a posting back", responses=problems(404, 409))
async def reverse_transaction(
    transaction_id: TransactionId, body: ReversalIn, call: Writing, customer: Customers
) -> Receipt:
    command = ReverseTransaction(body.reason)
    at = call.occurred_at(body.occurred_at)
    wanted = intent(call, [transaction_target(transaction_id)], transaction.reverse, command, at)
    return await call.run(customer.executor, wanted, topic="transaction")


@routes.get("/v1/transactions/{transaction_id}", summary="Read a transaction", responses=problems(404))
async def read_transaction(
    transaction_id: TransactionId, read: Reading, customer: Customers, response: Response
) -> TransactionOut:
    await fresh(read, customer.views, LOG)
    row = found(await customer.views.get(TRANSACTIONS, transaction_id, read.scope))
    response.headers["ETag"] = etag(row.version)
    return shown(row, customer)


@routes.get("/v1/accounts/{account_id}/transactions", summary="List an account's transactions", responses=problems(404))
async def list_transactions(
    account_id: AccountId, read: Reading, customer: Customers, limit: Limit = 50, cursor: Cursor = None
) -> Page[TransactionOut]:
    """By booking date, latest first. The account decides who may see them."""
    await fresh(read, customer.views, LOG)
    found(await customer.views.get(ACCOUNTS, account_id, read.scope))
    rows, after = await customer.views.list(
        TRANSACTIONS, WHOLE_BANK, owner=account_id, after=read.after, limit=limit, descending=True
    )
    return Page(items=[shown(row, customer) for row in rows], next_cursor=read.next_cursor(after))


def shown(row: TransactionRow, service: CustomerService) -> TransactionOut:
    """As answers show it."""
    posted = row.posted
    code = posted.bank_transaction_code
    return TransactionOut(
        id=posted.transaction_id,
        account_id=posted.account_id,
        reference=ReferenceOut.of(posted.reference),
        credit_debit_indicator=posted.credit_debit_indicator,
        amount=MoneyOut.of(posted.amount_minor, posted.currency),
        base_amount=MoneyOut.of(posted.base_amount_minor, service.base_currency),
        booking_date=posted.booking_date,
        value_date=posted.value_date,
        initiated_by=posted.initiated_by,
        channel=posted.channel,
        external=posted.external,
        purchase=posted.purchase,
        bank_transaction_code=code
        and TransactionCodeOut(domain=code.domain, family=code.family, sub_family=code.sub_family),
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
        version=row.version,
        reversed_because=row.reversed_because,
    )
