"""One row per customer: profile with sealed values, who looks after them, what they hold, whom they brought."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from services.customer import contract as c
from services.customer.views import standing
from shared.envelope import Envelope, Reference, Sealed
from shared.projection import Index, View

replace = msgspec.structs.replace


class FactRow(msgspec.Struct, frozen=True):
    """A dossier fact. `value` is None once the customer was erased."""

    topic: str
    value: Sealed | None
    purpose: str
    interaction_id: str | None
    learned_at: datetime


class Holding(msgspec.Struct, frozen=True):
    """An account as seen from one of its holders. `until` None: still held."""

    product: str
    role: str
    since: date
    until: date | None = None


class ReferralRow(msgspec.Struct, frozen=True):
    referred_id: str | None
    outcome: str = "open"


class CustomerRow(msgspec.Struct, frozen=True):
    customer_id: str
    kind: c.Kind
    institution_id: str
    registered_at: datetime
    version: int
    name: Sealed | None = None
    contact: dict[str, Sealed] = {}
    birth_date: Sealed | None = None
    identity_number: Sealed | None = None
    reference: Reference | None = None
    tier: str | None = None
    coverage: dict[str, str] = {}
    element_weights: dict[str, int] = {}
    facts: dict[str, FactRow] = {}
    holdings: dict[str, Holding] = {}
    referrals: dict[str, ReferralRow] = {}
    referrer_id: str | None = None
    absorbed: tuple[str, ...] = ()
    survivor_id: str | None = None
    erased: bool = False


Change = Callable[[CustomerRow, Any, Envelope], CustomerRow]


def ids(envelope: Envelope) -> Sequence[str]:
    event: Any = envelope.data
    return (envelope.key,) if isinstance(event, (c.CustomerRegistered, *CHANGES)) else ()


def evolve(row: CustomerRow | None, _: str, envelope: Envelope) -> CustomerRow | None:
    event = envelope.data
    if isinstance(event, c.CustomerRegistered):
        return _registered(event, envelope)
    if row is None:
        return None
    version = envelope.version if envelope.stream == f"customer-{row.customer_id}" else row.version
    return CHANGES[type(event)](replace(row, version=version), event, envelope)


def _registered(event: c.CustomerRegistered, envelope: Envelope) -> CustomerRow:
    return CustomerRow(
        customer_id=event.customer_id,
        kind=event.kind,
        institution_id=event.institution_id,
        registered_at=envelope.occurred_at,
        version=envelope.version,
        name=event.name,
        contact=event.contact,
        birth_date=event.birth_date,
        identity_number=event.identity_number,
        reference=event.reference,
    )


def _updated(row: CustomerRow, event: c.CustomerProfileUpdated, _: Envelope) -> CustomerRow:
    return replace(
        row,
        name=event.name or row.name,
        contact={**row.contact, **event.contact},
        birth_date=event.birth_date or row.birth_date,
        identity_number=event.identity_number or row.identity_number,
    )


def _covered(row: CustomerRow, event: c.CoverageAssigned | c.CoverageTransferred, _: Envelope) -> CustomerRow:
    return replace(row, coverage={**row.coverage, event.role: event.employee_id})


def _learned(row: CustomerRow, event: c.DossierFactAdded, envelope: Envelope) -> CustomerRow:
    fact = FactRow(event.topic, event.value, event.purpose, event.interaction_id, envelope.occurred_at)
    return replace(row, facts={**row.facts, event.fact_id: fact})


def _withdrawn(row: CustomerRow, event: c.DossierFactWithdrawn, _: Envelope) -> CustomerRow:
    return replace(row, facts={key: fact for key, fact in row.facts.items() if key != event.fact_id})


def _merged(row: CustomerRow, event: c.CustomerMerged, _: Envelope) -> CustomerRow:
    return replace(row, absorbed=(*row.absorbed, event.absorbed_id))


def _unmerged(row: CustomerRow, event: c.CustomerUnmerged, _: Envelope) -> CustomerRow:
    survivor = None if row.survivor_id == event.other_id else row.survivor_id
    absorbed = tuple(other for other in row.absorbed if other != event.other_id)
    return replace(row, absorbed=absorbed, survivor_id=survivor)


def _erased(row: CustomerRow, _: c.CustomerErased, __: Envelope) -> CustomerRow:
    facts = {key: replace(fact, value=None) for key, fact in row.facts.items()}
    return replace(row, name=None, contact={}, birth_date=None, identity_number=None, facts=facts, erased=True)


def _held(role: str) -> Change:
    def change(row: CustomerRow, event: c.AccountOpened | c.AccountHolderAdded, _: Envelope) -> CustomerRow:
        return replace(row, holdings={**row.holdings, event.account_id: Holding(event.product, role, event.since)})

    return change


def _left(row: CustomerRow, event: c.AccountClosed | c.AccountHolderRemoved, _: Envelope) -> CustomerRow:
    held = row.holdings.get(event.account_id)
    if held is None:
        return row
    return replace(row, holdings={**row.holdings, event.account_id: replace(held, until=event.effective)})


def _referring(row: CustomerRow, event: c.ReferralRecorded, _: Envelope) -> CustomerRow:
    return replace(row, referrals={**row.referrals, event.referral_id: ReferralRow(event.referred_id)})


def _settled(outcome: str) -> Change:
    def change(row: CustomerRow, event: c.ReferralConverted | c.ReferralLapsed, _: Envelope) -> CustomerRow:
        referral = row.referrals.get(event.referral_id)
        if referral is None:
            return row
        settled = replace(referral, outcome=outcome)
        return replace(row, referrals={**row.referrals, event.referral_id: settled})

    return change


CHANGES: dict[type, Change] = {
    c.CustomerProfileUpdated: _updated,
    c.CustomerTransferred: lambda row, event, _: replace(row, institution_id=event.institution_id),
    c.TierChanged: lambda row, event, _: replace(row, tier=event.tier),
    c.ServiceElementWeighted: lambda row, event, _: replace(row, element_weights=event.weights),
    c.CoverageAssigned: _covered,
    c.CoverageTransferred: _covered,
    c.DossierFactAdded: _learned,
    c.DossierFactWithdrawn: _withdrawn,
    c.CustomerMerged: _merged,
    c.CustomerAbsorbed: lambda row, event, _: replace(row, survivor_id=event.survivor_id),
    c.CustomerUnmerged: _unmerged,
    c.CustomerErased: _erased,
    c.CustomerReferred: lambda row, event, _: replace(row, referrer_id=event.referrer_id),
    c.ReferralRecorded: _referring,
    c.ReferralConverted: _settled("converted"),
    c.ReferralLapsed: _settled("lapsed"),
    c.AccountOpened: _held("primary"),
    c.AccountHolderAdded: _held("co_holder"),
    c.AccountClosed: _left,
    c.AccountHolderRemoved: _left,
}

CUSTOMERS = View(
    name="customer",
    row=CustomerRow,
    ids=ids,
    evolve=evolve,
    index=lambda row: Index(
        owner=row.survivor_id or "",
        institution=row.institution_id,
        rank=standing.rank(row.customer_id, gone=row.erased),
    ),
)
