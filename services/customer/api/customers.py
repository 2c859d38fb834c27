"""Routes about a customer's person: register, update, find, read."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query, Response, Security

from services.customer import customer as customers
from services.customer.api.common import LOG, CustomerId, Customers, InstitutionId, customer_target, intent
from services.customer.api.customer_answers import shown
from services.customer.api.customer_models import CustomerIn, CustomerOut, ProfileIn
from services.customer.api.registration import (
    INDEXED,
    Duplicate,
    claim,
    contact_of,
    personal,
    registrations,
    release,
    seal,
)
from services.customer.customer import UpdateProfile
from services.customer.service import CustomerService
from services.customer.views.customers import CUSTOMERS, CustomerRow
from shared.decider import Rejected
from shared.web import (
    BulkLines,
    Call,
    Cursor,
    Intent,
    Limit,
    Page,
    Problem,
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
from shared.web.resources import fresh

routes = router(tags=["customers"])
Writing = Annotated[Call, Security(call, scopes=["customers:write"])]
Reading = Annotated[Read, Security(read, scopes=["customers:read"])]


@routes.post("/v1/customers", status_code=201, summary="Register a customer", responses=problems(404, 409, 410))
async def register_customer(body: CustomerIn, call: Writing, customer: Customers) -> Receipt:
    (wanted,) = await registrations([body], call, customer)
    if isinstance(wanted, Duplicate):
        raise _possible_duplicate(wanted)
    if isinstance(wanted, Rejected):
        raise wanted
    try:
        return await call.run(customer.executor, wanted, topic="customer")
    except Rejected:
        await release(customer, call, body, wanted.targets[0].stream.removeprefix("customer-"))
        raise


@routes.post("/v1/customers/bulk", summary="Register many customers", responses=problems(), **bulk_route(CustomerIn))
async def register_customers(lines: BulkLines, call: Writing, customer: Customers) -> Response:
    async def prepare(bodies: Sequence[CustomerIn]) -> list[Intent | Rejected]:
        wanted = await registrations(bodies, call, customer)
        return [each.rejected if isinstance(each, Duplicate) else each for each in wanted]

    return await bulk(call, lines, customer.executor, CustomerIn, prepare, topic="customer")


@routes.patch("/v1/customers/{customer_id}", summary="Update a profile", responses=problems(404, 410, 412, 428))
async def update_profile(customer_id: CustomerId, body: ProfileIn, call: Writing, customer: Customers) -> Receipt:
    values = personal(body)
    (sealed,) = await seal(customer, [(customer_id, values)])
    if isinstance(sealed, Rejected):
        raise sealed
    command = UpdateProfile(
        sealed.get("name"), contact_of(sealed), sealed.get("birth_date"), sealed.get("identity_number")
    )
    at = call.occurred_at(body.occurred_at)
    wanted = intent(call, [customer_target(customer_id)], customers.update_profile, command, at)
    receipt = await call.run(customer.executor, wanted, topic="customer")
    await claim(customer, customer_id, values)
    return receipt


@routes.get(
    "/v1/customers",
    summary="Find customers by id, phone or identity number, or list those of an institution",
    responses=problems(),
)
async def list_customers(
    *,
    read: Reading,
    customer: Customers,
    q: Annotated[str | None, Query(min_length=3, max_length=100, description="Id, phone or identity number.")] = None,
    institution_id: InstitutionId | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CustomerOut]:
    await fresh(read, customer.views, LOG)
    if q is not None:
        rows, after = await _search(q, read, customer), None
    else:
        rows, after = await customer.views.list(
            CUSTOMERS, read.scope, institution=institution_id, after=read.after, limit=limit
        )
    return Page(items=await shown(rows, read, customer), next_cursor=read.next_cursor(after))


@routes.get(
    "/v1/customers/{customer_id}",
    summary="Read a customer",
    responses=problems(404),
)
async def read_customer(customer_id: CustomerId, read: Reading, customer: Customers, response: Response) -> CustomerOut:
    await fresh(read, customer.views, LOG)
    row = found(await customer.views.get(CUSTOMERS, customer_id, read.scope))
    response.headers["ETag"] = etag(row.version)
    (answer,) = await shown([row], read, customer)
    return answer


async def _search(text: str, read: Read, customer: CustomerService) -> list[CustomerRow]:
    """Exact matches only: a sealed value cannot be searched in part."""
    ids = {text, *[await customer.vault.index.find(kind, text) for kind in INDEXED.values()]}
    rows = await customer.views.get_many(CUSTOMERS, [each for each in ids if each], read.scope)
    return [rows[each] for each in sorted(rows)]


def _possible_duplicate(duplicate: Duplicate) -> Problem:
    rejected = duplicate.rejected
    return Problem(
        409,
        rejected.code,
        rejected.detail,
        [(rejected.pointer, rejected.code, rejected.detail)],
        members={"candidates": list(duplicate.candidates)},
    )
