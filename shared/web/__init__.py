'''The conventions of every HTTP route. A whole api.py looks like this::

    from typing import Annotated
    from fastapi import Depends, Security
    from shared.web import (Body, BulkLines, Call, Day, Intent, Limit, MoneyIn, OccurredAt, Read, Receipt,
                            ReferenceIn, browse, bulk, bulk_route, call, identifier, problems, read, router, serving)

    routes = router(tags=["accounts"])
    Customer = Annotated["CustomerService", Depends(serving("customer"))]     # app.state.services["customer"]
    AccountId = Annotated[str, identifier("acc")]

    class OpenAccount(Body):
        reference: ReferenceIn | None = None
        currency: Currency
        since: Day
        opening_balance: SignedMoneyIn | None = None                          # .minor is the integer
        occurred_at: OccurredAt | None = None

    @routes.post("/v1/accounts", status_code=201, summary="Open an account", responses=problems(409))
    async def open_account(
        body: OpenAccount, call: Annotated[Call, Security(call, scopes=["accounts:write"])], customer: Customer
    ) -> Receipt:
        return await call.run(customer.executor, opening(body, call), topic="customer")

    def opening(body: OpenAccount, call: Call) -> Intent:
        """targets: what is read, the first is what the command is about; decide: states → facts."""
        at = call.occurred_at(body.occurred_at)
        target = Target(f"account-{account_id}", account.DECIDER, account.institution)
        return Intent([target], lambda state: account.open(state, …, at), key=call.reference_key("account", reference))

    @routes.post("/v1/accounts/bulk", summary="…", responses=problems(), **bulk_route(OpenAccount))
    async def open_accounts(
        lines: BulkLines, call: Annotated[Call, Security(call, scopes=["accounts:write"])], customer: Customer
    ) -> Response:
        async def prepare(bodies: Sequence[OpenAccount]) -> list[Intent | Rejected]:
            return [opening(body, call) for body in bodies]                   # await vault.seal_many(…) goes here
        return await bulk(call, lines, customer.executor, OpenAccount, prepare, topic="customer")

    @routes.get("/v1/accounts/{account_id}", summary="…", responses=problems(404))
    async def get_account(
        account_id: AccountId, read: Annotated[Read, Security(read, scopes=["customers:read"])], customer: Customer,
        response: Response,
    ) -> AccountOut:
        await read.fresh(customer.views)                                      # min_position; 503 projection_behind
        row = found(await customer.views.get("account", account_id, read.scope))   # None → 404
        response.headers["ETag"] = etag(row.version)
        return AccountOut(…)

    @routes.get("/v1/accounts", …)
    async def list_accounts(read: …, limit: Limit = 50, cursor: Cursor = None) -> Page[AccountOut]:
        rows, after = await customer.views.list("account", read.scope, after=read.after, limit=limit)
        return Page(items=[…], next_cursor=read.next_cursor(after))

Rules: PATCH, PUT and DELETE need If-Match by themselves (428, 412); `call.run(…, match=False)` for POSTs that only add
a fact. `Rejected`, `Overloaded` and `LogUnavailable` may fly: they become problems. Raise
`Problem(status, code, detail)` or `invalid(code, detail, pointer)` for the rest. In a model validator raise
`failure(code, detail)`. `serving(name)` finds the service; a route without a token is marked `@public`. Routes with
their own stream (SSE) add `openapi_extra={"x-streaming": True}`, which lifts the 30 s limit.
'''

from shared.web.bulk import Bulk, BulkLines, Lines, bulk, bulk_route
from shared.web.call import Call, Intent, call
from shared.web.caller import Caller, caller
from shared.web.edge import Edge, edge_of
from shared.web.models import (
    Body,
    Code,
    Count,
    Currency,
    Day,
    Flag,
    Integer,
    Line,
    MoneyIn,
    MoneyOut,
    OccurredAt,
    Page,
    Receipt,
    ReferenceIn,
    SignedMoneyIn,
    Text,
    View,
    failure,
    identifier,
)
from shared.web.openapi import public
from shared.web.positions import Position
from shared.web.problems import Problem, invalid, problems, unavailable
from shared.web.read import Cursor, Limit, Read, browse, etag, found, read, serving
from shared.web.route import Route, router

__all__ = [
    "Body",
    "Bulk",
    "BulkLines",
    "Call",
    "Caller",
    "Code",
    "Count",
    "Currency",
    "Cursor",
    "Day",
    "Edge",
    "Flag",
    "Integer",
    "Intent",
    "Limit",
    "Line",
    "Lines",
    "MoneyIn",
    "MoneyOut",
    "OccurredAt",
    "Page",
    "Position",
    "Problem",
    "Read",
    "Receipt",
    "ReferenceIn",
    "Route",
    "SignedMoneyIn",
    "Text",
    "View",
    "browse",
    "bulk",
    "bulk_route",
    "call",
    "caller",
    "edge_of",
    "etag",
    "failure",
    "found",
    "identifier",
    "invalid",
    "problems",
    "public",
    "read",
    "router",
    "serving",
    "unavailable",
]
