"""A referral: a customer brings another one."""

from typing import Any

import msgspec

from services.customer.contract import CustomerReferred, ReferralConverted, ReferralLapsed, ReferralRecorded
from services.customer.customer import Customer, check_named
from shared.decider import Decider, Rejected


class Referral(msgspec.Struct, frozen=True):
    """`referral_id` is empty until it is recorded; `outcome` is converted, lapsed or empty while it is open."""

    referral_id: str = ""
    referrer_id: str = ""
    referred_id: str | None = None
    outcome: str = ""


class RecordReferral(msgspec.Struct, frozen=True):
    referral_id: str
    referrer_id: str
    referred_id: str | None = None


class ConvertReferral(msgspec.Struct, frozen=True):
    """The referred person does business with the bank."""


class LapseReferral(msgspec.Struct, frozen=True):
    """Nothing came of it."""


def record(referral: Referral, referrer: Customer, referred: Customer | None, command: RecordReferral) -> list[Any]:
    if referral.referral_id:
        if (referral.referrer_id, referral.referred_id) == (command.referrer_id, command.referred_id):
            return []
        raise Rejected("already_recorded", "The referral is recorded differently.", kind="conflict")
    check_named(referrer, "/referrer_id")
    recorded = ReferralRecorded(command.referral_id, command.referrer_id, command.referred_id)
    if referred is None or command.referred_id is None:
        return [recorded]
    check_named(referred, "/referred_id")
    if command.referred_id == command.referrer_id:
        raise Rejected("same_customer", "Nobody refers themselves.", "/referred_id")
    if referred.referral_id:
        raise Rejected("already_referred", "The customer was referred before.", "/referred_id", kind="conflict")
    return [recorded, CustomerReferred(command.referred_id, command.referral_id, command.referrer_id)]


def convert(referral: Referral, _: ConvertReferral) -> list[Any]:
    if _settled(referral, "converted"):
        return []
    return [ReferralConverted(referral.referral_id, referral.referrer_id)]


def lapse(referral: Referral, _: LapseReferral) -> list[Any]:
    if _settled(referral, "lapsed"):
        return []
    return [ReferralLapsed(referral.referral_id, referral.referrer_id)]


def evolve(referral: Referral, event: Any) -> Referral:
    match event:
        case ReferralRecorded():
            return Referral(event.referral_id, event.referrer_id, event.referred_id)
        case ReferralConverted():
            return msgspec.structs.replace(referral, outcome="converted")
        case ReferralLapsed():
            return msgspec.structs.replace(referral, outcome="lapsed")
        case _:
            return referral


def _settled(referral: Referral, outcome: str) -> bool:
    if not referral.referral_id:
        raise Rejected("not_found", "No such resource.", kind="not_found")
    if referral.outcome and referral.outcome != outcome:
        raise Rejected("referral_settled", "The referral has its outcome already.", kind="conflict")
    return referral.outcome == outcome


decider = Decider(Referral(), evolve)
