"""Routes of the institution tree."""

from datetime import date
from typing import Annotated, Any

from fastapi import Response, Security

from services.customer import institution
from services.customer.api.common import (
    LOG,
    Customers,
    InstitutionId,
    Named,
    institution_target,
    intent,
)
from services.customer.contract import InstitutionLevel
from services.customer.institution import CloseInstitution, MoveInstitution, RegisterInstitution, RenameInstitution
from services.customer.service import CustomerService
from services.customer.views.accounts import ACCOUNTS
from services.customer.views.customers import CUSTOMERS
from services.customer.views.institutions import INSTITUTIONS, InstitutionRow
from services.customer.views.standing import FIRST_PRESENT, LAST_PRESENT
from shared.auth import WHOLE_BANK
from shared.web import (
    Body,
    Call,
    Cursor,
    Day,
    Intent,
    Limit,
    Line,
    OccurredAt,
    Page,
    Read,
    Receipt,
    ReferenceIn,
    View,
    call,
    etag,
    found,
    invalid,
    problems,
    read,
    router,
    unavailable,
)
from shared.web.resources import ReferenceOut, fresh, identity

PATIENCE = 2.0

routes = router(tags=["institutions"])
Writing = Annotated[Call, Security(call, scopes=["institutions:write"])]
Reading = Annotated[Read, Security(read, scopes=["customers:read"])]


class InstitutionIn(Body):
    """A head office stands alone, a branch below a head office, a sub-branch below either."""

    name: Line
    level: InstitutionLevel
    parent_id: InstitutionId | None = None
    reference: ReferenceIn | None = None
    occurred_at: OccurredAt | None = None


class NameIn(Body):
    name: Line
    occurred_at: OccurredAt | None = None


class MoveIn(Body):
    parent_id: InstitutionId
    effective: Day
    occurred_at: OccurredAt | None = None


class ClosureIn(Body):
    effective: Day
    occurred_at: OccurredAt | None = None


class PlaceOut(View):
    parent_id: str | None
    since: date | None


class InstitutionOut(View):
    id: str
    name: str
    level: InstitutionLevel
    parent_id: str | None
    places: list[PlaceOut]
    reference: ReferenceOut | None
    closed: date | None
    version: int


@routes.post("/v1/institutions", status_code=201, summary="Register an institution", responses=problems(409))
async def register_institution(body: InstitutionIn, call: Writing, customer: Customers) -> Receipt:
    return await call.run(customer.executor, registration(body, call), topic="customer")


@routes.post("/v1/institutions/{institution_id}/name", summary="Rename an institution", responses=problems(404, 409))
async def rename_institution(
    institution_id: InstitutionId, body: NameIn, call: Writing, customer: Customers
) -> Receipt:
    command = RenameInstitution(body.name)
    at = call.occurred_at(body.occurred_at)
    wanted = intent(call, [institution_target(institution_id)], institution.rename, command, at)
    return await call.run(customer.executor, wanted, topic="customer")


@routes.post("/v1/institutions/{institution_id}/moves", summary="Move an institution", responses=problems(404, 409))
async def move_institution(institution_id: InstitutionId, body: MoveIn, call: Writing, customer: Customers) -> Receipt:
    command = MoveInstitution(body.parent_id, body.effective)
    targets = [institution_target(institution_id), Named(institution_target(body.parent_id))]
    wanted = intent(call, targets, institution.move, command, call.occurred_at(body.occurred_at))
    return await call.run(customer.executor, wanted, topic="customer")


@routes.post("/v1/institutions/{institution_id}/closure", summary="Close an institution", responses=problems(404, 409))
async def close_institution(
    institution_id: InstitutionId, body: ClosureIn, call: Writing, customer: Customers
) -> Receipt:
    command = CloseInstitution(body.effective, await occupied(customer, institution_id))
    at = call.occurred_at(body.occurred_at)
    wanted = intent(call, [institution_target(institution_id)], institution.close, command, at)
    return await call.run(customer.executor, wanted, topic="customer")


@routes.get("/v1/institutions", summary="List the institutions that the caller may see", responses=problems())
async def list_institutions(
    read: Reading,
    customer: Customers,
    parent_id: InstitutionId | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[InstitutionOut]:
    await fresh(read, customer.views, LOG)
    rows, after = await customer.views.list(INSTITUTIONS, read.scope, owner=parent_id, after=read.after, limit=limit)
    return Page(items=[shown(row) for row in rows], next_cursor=read.next_cursor(after))


@routes.get("/v1/institutions/{institution_id}", summary="Read an institution", responses=problems(404))
async def read_institution(
    institution_id: InstitutionId, read: Reading, customer: Customers, response: Response
) -> InstitutionOut:
    await fresh(read, customer.views, LOG)
    row = found(await customer.views.get(INSTITUTIONS, institution_id, read.scope))
    response.headers["ETag"] = etag(row.version)
    return shown(row)


def registration(body: InstitutionIn, call: Call) -> Intent:
    """Only who may see the whole bank adds a root to it."""
    if body.parent_id is None and call.scope.institutions is not None:
        raise invalid("parent_required", "The institution above it is required here.", "/parent_id")
    reference = body.reference.value if body.reference else None
    institution_id = identity("ins", call, body.reference)
    command = RegisterInstitution(institution_id, body.name, body.level, body.parent_id, reference)
    parent = None if body.parent_id is None else Named(institution_target(body.parent_id))
    targets = [institution_target(institution_id), parent]
    key = call.reference_key("institution", reference)
    return intent(call, targets, institution.register, command, call.occurred_at(body.occurred_at), key=key)


async def occupied(customer: CustomerService, institution_id: str) -> bool:
    """Whether a customer, an open account or an open institution belongs to it, as of all that is in the log now.

    Whoever is registered between this look and the closure stays with the closed institution until transferred.
    """
    if not await customer.views.wait("customer/customer", await customer.log.head(), PATIENCE):
        raise unavailable("projection_behind", "The views have not reached the log's end yet.")
    present: Any = {"first_rank": FIRST_PRESENT, "last_rank": LAST_PRESENT, "limit": 1}
    list_ = customer.views.list
    customers, _ = await list_(CUSTOMERS, WHOLE_BANK, institution=institution_id, **present)
    accounts, _ = await list_(ACCOUNTS, WHOLE_BANK, institution=institution_id, **present)
    below, _ = await list_(INSTITUTIONS, WHOLE_BANK, owner=institution_id, **present)
    return bool(customers or accounts or below)


def shown(row: InstitutionRow) -> InstitutionOut:
    """As answers show it."""
    return InstitutionOut(
        id=row.institution_id,
        name=row.name,
        level=row.level,
        parent_id=row.parent_id,
        places=[PlaceOut(parent_id=place.parent_id, since=place.since) for place in row.places],
        reference=ReferenceOut.of(row.reference),
        closed=row.closed,
        version=row.version,
    )
