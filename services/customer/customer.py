"""A customer: who they are, which institution and which people of the bank look after them."""

from datetime import date
from typing import Any

import msgspec

from services.customer.contract import (
    CoverageAssigned,
    CoverageTransferred,
    CustomerAbsorbed,
    CustomerErased,
    CustomerMerged,
    CustomerProfileUpdated,
    CustomerReferred,
    CustomerRegistered,
    CustomerTransferred,
    CustomerUnmerged,
    DossierFactAdded,
    DossierFactWithdrawn,
    Kind,
    ServiceElementWeighted,
    Tier,
    TierChanged,
)
from services.customer.dates import check_known
from services.customer.institution import Institution, check_usable
from shared.decider import Decider, Rejected
from shared.envelope import Reference, Sealed


class Customer(msgspec.Struct, frozen=True):
    """What later decisions need to know. `customer_id` is empty until registration; nothing personal is kept."""

    customer_id: str = ""
    kind: Kind = "personal"
    institution_id: str = ""
    facts: frozenset[str] = frozenset()
    withdrawn_facts: frozenset[str] = frozenset()
    coverage: dict[str, str] = {}
    weights: dict[str, int] = {}
    tier: Tier | None = None
    absorbed: frozenset[str] = frozenset()
    survivor_id: str | None = None
    referral_id: str | None = None
    erased: bool = False


class RegisterCustomer(msgspec.Struct, frozen=True):
    """Personal values arrive sealed; whether the person is known already was asked before."""

    customer_id: str
    kind: Kind
    institution_id: str
    name: Sealed
    contact: dict[str, Sealed] = {}
    birth_date: Sealed | None = None
    identity_number: Sealed | None = None
    reference: Reference | None = None


class UpdateProfile(msgspec.Struct, frozen=True):
    """What is given replaces what was known; a contact field that is not named stays."""

    name: Sealed | None = None
    contact: dict[str, Sealed] = {}
    birth_date: Sealed | None = None
    identity_number: Sealed | None = None


class TransferCustomer(msgspec.Struct, frozen=True):
    institution_id: str
    effective: date


class ChangeTier(msgspec.Struct, frozen=True):
    tier: Tier
    rule: str
    rule_version: str
    inputs: dict[str, Any] = {}


class WeightElements(msgspec.Struct, frozen=True):
    weights: dict[str, int]


def register(customer: Customer, institution: Institution, command: RegisterCustomer) -> list[Any]:
    """A second registration under the same id says nothing new: sealed values cannot be compared."""
    if customer.erased:
        raise Rejected("customer_erased", "The customer was erased.", kind="gone")
    if customer.customer_id:
        if customer.kind == command.kind:
            return []
        raise Rejected("already_registered", "The customer is registered differently.", "/kind", kind="conflict")
    check_usable(institution, "/institution_id")
    return [
        CustomerRegistered(
            customer_id=command.customer_id,
            kind=command.kind,
            institution_id=command.institution_id,
            name=command.name,
            contact=command.contact,
            birth_date=command.birth_date,
            identity_number=command.identity_number,
            reference=command.reference,
        )
    ]


def update_profile(customer: Customer, command: UpdateProfile) -> list[Any]:
    check_exists(customer)
    if not (command.name or command.contact or command.birth_date or command.identity_number):
        return []
    return [
        CustomerProfileUpdated(
            customer.customer_id, command.name, command.contact, command.birth_date, command.identity_number
        )
    ]


def transfer(customer: Customer, institution: Institution, command: TransferCustomer) -> list[Any]:
    check_exists(customer)
    check_usable(institution, "/institution_id")
    check_known(command.effective, "/effective")
    if customer.institution_id == command.institution_id:
        return []
    return [CustomerTransferred(customer.customer_id, command.institution_id, command.effective)]


def change_tier(customer: Customer, command: ChangeTier) -> list[Any]:
    check_exists(customer)
    if customer.tier == command.tier:
        return []
    return [TierChanged(customer.customer_id, command.tier, command.rule, command.rule_version, command.inputs)]


def weight_elements(customer: Customer, command: WeightElements) -> list[Any]:
    """The weights replace the earlier ones; at least one must count."""
    check_exists(customer)
    if min(command.weights.values(), default=0) < 0 or not any(command.weights.values()):
        raise Rejected("bad_weights", "Weights are not negative and at least one is positive.", "/weights")
    if customer.weights == command.weights:
        return []
    return [ServiceElementWeighted(customer.customer_id, command.weights)]


def evolve(customer: Customer, event: Any) -> Customer:
    match event:
        case CustomerRegistered():
            return Customer(event.customer_id, event.kind, event.institution_id)
        case CustomerTransferred():
            return msgspec.structs.replace(customer, institution_id=event.institution_id)
        case CustomerErased():
            return msgspec.structs.replace(customer, erased=True)
        case DossierFactAdded() | DossierFactWithdrawn():
            return _evolve_dossier(customer, event)
        case CustomerMerged() | CustomerAbsorbed() | CustomerUnmerged():
            return _evolve_merge(customer, event)
        case _:
            return _evolve_standing(customer, event)


def _evolve_standing(customer: Customer, event: Any) -> Customer:
    match event:
        case TierChanged():
            return msgspec.structs.replace(customer, tier=event.tier)
        case ServiceElementWeighted():
            return msgspec.structs.replace(customer, weights=event.weights)
        case CoverageAssigned() | CoverageTransferred():
            return msgspec.structs.replace(customer, coverage={**customer.coverage, event.role: event.employee_id})
        case CustomerReferred():
            return msgspec.structs.replace(customer, referral_id=event.referral_id)
        case _:
            return customer


def _evolve_dossier(customer: Customer, event: DossierFactAdded | DossierFactWithdrawn) -> Customer:
    fact = frozenset({event.fact_id})
    if isinstance(event, DossierFactAdded):
        return msgspec.structs.replace(customer, facts=customer.facts | fact)
    return msgspec.structs.replace(
        customer, facts=customer.facts - fact, withdrawn_facts=customer.withdrawn_facts | fact
    )


def _evolve_merge(customer: Customer, event: CustomerMerged | CustomerAbsorbed | CustomerUnmerged) -> Customer:
    match event:
        case CustomerMerged():
            return msgspec.structs.replace(customer, absorbed=customer.absorbed | {event.absorbed_id})
        case CustomerAbsorbed():
            return msgspec.structs.replace(customer, survivor_id=event.survivor_id)
        case CustomerUnmerged():
            survivor = None if customer.survivor_id == event.other_id else customer.survivor_id
            absorbed = customer.absorbed - {event.other_id}
            return msgspec.structs.replace(customer, absorbed=absorbed, survivor_id=survivor)


def owner(customer: Customer) -> str | None:
    """The home institution, whom the access rules ask about."""
    return customer.institution_id or None


def check_exists(customer: Customer) -> None:
    """Refuse a path that names no customer, or one that was erased."""
    if not customer.customer_id:
        raise Rejected("not_found", "No such resource.", kind="not_found")
    if customer.erased:
        raise Rejected("customer_erased", "The customer was erased.", kind="gone")


def check_named(customer: Customer, pointer: str) -> None:
    """Refuse a body that names a customer who is unknown or erased."""
    if not customer.customer_id:
        raise Rejected("unknown_customer", "No such customer.", pointer)
    if customer.erased:
        raise Rejected("customer_erased", "The customer was erased.", pointer, kind="gone")


decider = Decider(Customer(), evolve)
