"""Routes about referrals."""

from typing import Annotated

from fastapi import Security

from services.customer import referral
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
from shared.web import Body, Call, OccurredAt, Receipt, ReferenceIn, call, problems, router
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
    at = call.occurred_at(body.occurred_at)
    wanted = intent(call, [referral_target(referral_id)], referral.convert, ConvertReferral(), at)
    return await call.run(customer.executor, wanted, topic="customer")


@routes.post("/v1/referrals/{referral_id}/lapse", summary="Nothing came of it", responses=problems(404, 409))
async def lapse_referral(referral_id: ReferralId, body: OutcomeIn, call: Writing, customer: Customers) -> Receipt:
    at = call.occurred_at(body.occurred_at)
    wanted = intent(call, [referral_target(referral_id)], referral.lapse, LapseReferral(), at)
    return await call.run(customer.executor, wanted, topic="customer")
