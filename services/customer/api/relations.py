"""Routes about how the bank stands to a customer: dossier, coverage, weights, tier, home institution, merges."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Security

from services.customer import coverage, dossier
from services.customer import customer as customers
from services.customer.api.common import (
    CustomerId,
    Customers,
    FactId,
    Named,
    customer_target,
    institution_target,
    intent,
)
from services.customer.api.customer_models import CoverageIn, FactIn, MergeIn, TierIn, TransferIn, WeightsIn
from services.customer.coverage import Cover
from services.customer.customer import ChangeTier, TransferCustomer, WeightElements
from services.customer.dossier import AddFact, WithdrawFact
from services.customer.merge import Merge, Unmerge, merge, unmerge
from services.customer.service import CustomerService
from shared.web import Call, Receipt, call, problems, router
from shared.web.resources import identity

routes = router(tags=["customers"])
Writing = Annotated[Call, Security(call, scopes=["customers:write"])]
Decision = Callable[..., Iterable[Any]]


@routes.post(
    "/v1/customers/{customer_id}/dossier-facts",
    status_code=201,
    summary="Add a fact to the dossier",
    responses=problems(404, 409, 410),
)
async def add_fact(customer_id: CustomerId, body: FactIn, call: Writing, customer: Customers) -> Receipt:
    fact_id = identity("fct", call, body.reference)
    value = await customer.vault.seal(customer_id, f"dossier.{fact_id}", body.value)
    command = AddFact(fact_id, body.topic, value, body.purpose, body.interaction_id)
    key = call.reference_key("dossier-fact", body.reference.value if body.reference else None)
    at = call.occurred_at(body.occurred_at)
    wanted = intent(call, [customer_target(customer_id)], dossier.add, command, at, key=key)
    receipt = await call.run(customer.executor, wanted, topic="customer", match=False)
    return receipt.model_copy(update={"id": fact_id})


@routes.post(
    "/v1/customers/{customer_id}/dossier-facts/{fact_id}/withdrawal",
    summary="Withdraw a fact from the dossier",
    responses=problems(404, 409, 410),
)
async def withdraw_fact(customer_id: CustomerId, fact_id: FactId, call: Writing, customer: Customers) -> Receipt:
    return await _change(call, customer, customer_id, dossier.withdraw, WithdrawFact(fact_id))


@routes.post("/v1/customers/{customer_id}/coverage", summary="Assign coverage", responses=problems(404, 409, 410))
async def cover(customer_id: CustomerId, body: CoverageIn, call: Writing, customer: Customers) -> Receipt:
    command = Cover(body.role, body.employee_id)
    return await _change(call, customer, customer_id, coverage.cover, command, at=body.occurred_at)


@routes.post(
    "/v1/customers/{customer_id}/element-weights", summary="Weigh what matters", responses=problems(404, 409, 410)
)
async def weight_elements(customer_id: CustomerId, body: WeightsIn, call: Writing, customer: Customers) -> Receipt:
    command = WeightElements(dict(body.weights))
    return await _change(call, customer, customer_id, customers.weight_elements, command, at=body.occurred_at)


@routes.post("/v1/customers/{customer_id}/tier", summary="Assign a tier", responses=problems(404, 409, 410))
async def change_tier(customer_id: CustomerId, body: TierIn, call: Writing, customer: Customers) -> Receipt:
    command = ChangeTier(body.tier, "assigned", body.rule_version, dict(body.inputs))
    return await _change(call, customer, customer_id, customers.change_tier, command, at=body.occurred_at)


@routes.post(
    "/v1/customers/{customer_id}/transfers", summary="Give another home institution", responses=problems(404, 409, 410)
)
async def transfer(customer_id: CustomerId, body: TransferIn, call: Writing, customer: Customers) -> Receipt:
    command = TransferCustomer(body.institution_id, body.effective)
    targets = [customer_target(customer_id), Named(institution_target(body.institution_id))]
    wanted = intent(call, targets, customers.transfer, command, call.occurred_at(body.occurred_at))
    return await call.run(customer.executor, wanted, topic="customer")


@routes.post("/v1/customers/{customer_id}/merges", summary="Merge with another", responses=problems(404, 409, 410))
async def merge_customers(customer_id: CustomerId, body: MergeIn, call: Writing, customer: Customers) -> Receipt:
    targets = [customer_target(customer_id), Named(customer_target(body.absorbed_id))]
    wanted = intent(call, targets, merge, Merge(body.absorbed_id), call.occurred_at(body.occurred_at))
    return await call.run(customer.executor, wanted, topic="customer")


@routes.post(
    "/v1/customers/{customer_id}/merges/{absorbed_id}/withdrawal",
    summary="Withdraw a merge",
    responses=problems(404, 409, 410),
)
async def unmerge_customers(
    customer_id: CustomerId, absorbed_id: CustomerId, call: Writing, customer: Customers
) -> Receipt:
    targets = [customer_target(customer_id), Named(customer_target(absorbed_id))]
    wanted = intent(call, targets, unmerge, Unmerge(absorbed_id), call.occurred_at(None))
    return await call.run(customer.executor, wanted, topic="customer")


async def _change(
    call: Call,
    customer: CustomerService,
    customer_id: str,
    decide: Decision,
    command: Any,
    *,
    at: datetime | date | None = None,
) -> Receipt:
    wanted = intent(call, [customer_target(customer_id)], decide, command, call.occurred_at(at))
    return await call.run(customer.executor, wanted, topic="customer")
