"""Routes about referrals."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Security

from services.customer import referral, routing
from services.customer.api.common import (
    CustomerId,
    Customers,
    Named,
    ReferralId,
    customer_target,
    intent,
    referral_target,
)
from services.customer.referral import ConvertReferral, LapseReferral, RecordReferral
from services.customer.service import CustomerService
from shared.decider import Fact
from shared.web import Body, Call, Intent, OccurredAt, Receipt, ReferenceIn, call, problems, router
from shared.web.resources import identity

routes = router(tags=["referrals"])
Writing = Annotated[Call, Security(call, scopes=["customers:write"])]


class ReferralIn(Body):
    """`referred_id` when the new customer is known already."""

    referrer_id: CustomerId
    referred_id: CustomerId | None = None
    reference: ReferenceIn | None = None
    occurred_at: OccurredAt | None = None


class OutcomeIn(Body):
    occurred_at: OccurredAt | None = None


@routes.post("/v1/referrals", status_code=201, summary="Record a referral", responses=problems(404, 409, 410))
async def record_referral(body: ReferralIn, call: Writing, customer: Customers) -> Receipt:
    referral_id = identity("ref", call, body.reference)
    command = RecordReferral(referral_id, body.referrer_id, body.referred_id)
    referred = Named(customer_target(body.referred_id)) if body.referred_id else None
    targets = [referral_target(referral_id), Named(customer_target(body.referrer_id)), referred]
    key = call.reference_key("referral", body.reference.value if body.reference else None)
    wanted = intent(call, targets, referral.record, command, call.occurred_at(body.occurred_at), key=key)
    return await call.run(customer.executor, wanted, topic="customer")


@routes.post("/v1/referrals/{referral_id}/conversion", summary="It became business", responses=problems(404, 409))
async def convert_referral(referral_id: ReferralId, body: OutcomeIn, call: Writing, customer: Customers) -> Receipt:
    wanted = await _settling(
        referral_id, body, call, customer, lambda found: referral.convert(found, ConvertReferral())
    )
    return await call.run(customer.executor, wanted, topic="customer")


@routes.post("/v1/referrals/{referral_id}/lapse", summary="Nothing came of it", responses=problems(404, 409))
async def lapse_referral(referral_id: ReferralId, body: OutcomeIn, call: Writing, customer: Customers) -> Receipt:
    wanted = await _settling(referral_id, body, call, customer, lambda found: referral.lapse(found, LapseReferral()))
    return await call.run(customer.executor, wanted, topic="customer")


async def _settling(
    referral_id: str,
    body: OutcomeIn,
    call: Call,
    service: CustomerService,
    decide: Callable[[referral.Referral], list[Any]],
) -> Intent:
    """A referral has no institution of its own: whoever may see the referrer, whose key its events have, settles it."""
    target = referral_target(referral_id)
    (recorded,) = await service.log.load([target.stream])
    referrer = [customer_target(record.key) for record in recorded.records[:1]]
    at = call.occurred_at(body.occurred_at)

    def facts(found: referral.Referral, *_: Any) -> list[Fact]:
        return routing.facts(decide(found), at)

    return Intent([target, *referrer], facts)
