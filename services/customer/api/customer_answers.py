"""Customers as answers show them: personal values are opened for callers with the scope customers:pii, else absent."""

from collections.abc import Mapping, Sequence

from services.customer.api.customer_models import CustomerOut, FactOut, HoldingOut, PersonalOut, ReferralOut
from services.customer.service import CustomerService
from services.customer.views.customers import CustomerRow
from shared.envelope import Sealed
from shared.web import Read
from shared.web.resources import ReferenceOut

Opened = Mapping[Sealed, str | None]


async def shown(rows: Sequence[CustomerRow], read: Read, service: CustomerService) -> list[CustomerOut]:
    """The rows in order; one look into the vault for all of them."""
    if "customers:pii" not in read.principal.scopes:
        return [_shown(row, None) for row in rows]
    boxes = [box for row in rows for box in _boxes(row)]
    opened = dict(zip(boxes, await service.vault.open_many(boxes), strict=True))
    return [_shown(row, opened) for row in rows]


def _boxes(row: CustomerRow) -> list[Sealed]:
    alone = [row.name, row.birth_date, row.identity_number]
    facts = [fact.value for fact in row.facts.values()]
    return [box for box in (*alone, *row.contact.values(), *facts) if box is not None]


def _shown(row: CustomerRow, opened: Opened | None) -> CustomerOut:
    return CustomerOut(
        id=row.customer_id,
        kind=row.kind,
        institution_id=row.institution_id,
        registered_at=row.registered_at,
        version=row.version,
        reference=ReferenceOut.of(row.reference),
        personal=_personal(row, opened),
        tier=row.tier,
        coverage=row.coverage,
        element_weights=row.element_weights,
        dossier=_dossier(row, opened),
        holdings=_holdings(row),
        referrals=[
            ReferralOut(id=key, referred_id=referral.referred_id, outcome=referral.outcome)
            for key, referral in row.referrals.items()
        ],
        referrer_id=row.referrer_id,
        absorbed_ids=list(row.absorbed),
        survivor_id=row.survivor_id,
        erased=row.erased,
    )


def _personal(row: CustomerRow, opened: Opened | None) -> PersonalOut | None:
    if opened is None:
        return None
    contact = {field: value for field, box in row.contact.items() if (value := opened[box]) is not None}
    return PersonalOut(
        name=_open(row.name, opened),
        contact=contact,
        birth_date=_open(row.birth_date, opened),
        identity_number=_open(row.identity_number, opened),
    )


def _dossier(row: CustomerRow, opened: Opened | None) -> list[FactOut]:
    return [
        FactOut(
            id=key,
            topic=fact.topic,
            purpose=fact.purpose,
            interaction_id=fact.interaction_id,
            learned_at=fact.learned_at,
            value=_open(fact.value, opened),
        )
        for key, fact in row.facts.items()
    ]


def _holdings(row: CustomerRow) -> list[HoldingOut]:
    return [
        HoldingOut(account_id=key, product=held.product, role=held.role, since=held.since, until=held.until)
        for key, held in row.holdings.items()
    ]


def _open(box: Sealed | None, opened: Opened | None) -> str | None:
    return None if box is None or opened is None else opened[box]
