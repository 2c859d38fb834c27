"""One row per customer and one per institution, folded from the customer service's published language."""

from collections.abc import Sequence
from typing import Any

import msgspec

from services.customer import contract as c
from shared.envelope import Envelope
from shared.projection import Index, Projection, View

replace = msgspec.structs.replace


class CustomerEntry(msgspec.Struct, frozen=True):
    """`institution_id` is the home institution; `survivor_id` tells into whom the customer was merged."""

    customer_id: str
    institution_id: str
    survivor_id: str | None = None
    erased: bool = False


class InstitutionEntry(msgspec.Struct, frozen=True):
    institution_id: str
    parent_id: str | None
    closed: bool = False


_CUSTOMER_EVENTS = (
    c.CustomerRegistered,
    c.CustomerTransferred,
    c.CustomerAbsorbed,
    c.CustomerUnmerged,
    c.CustomerErasureRequested,
    c.CustomerErased,
)
_INSTITUTION_EVENTS = (c.InstitutionRegistered, c.InstitutionMoved, c.InstitutionClosed)


def customer_ids(envelope: Envelope) -> Sequence[str]:
    return (envelope.key,) if isinstance(envelope.data, _CUSTOMER_EVENTS) else ()


def evolve_customer(row: CustomerEntry | None, _: str, envelope: Envelope) -> CustomerEntry | None:
    event = envelope.data
    if isinstance(event, c.CustomerRegistered):
        return CustomerEntry(event.customer_id, event.institution_id)
    return _changed(row, event) if row else None


def _changed(row: CustomerEntry, event: Any) -> CustomerEntry:
    match event:
        case c.CustomerTransferred():
            return replace(row, institution_id=event.institution_id)
        case c.CustomerAbsorbed():
            return replace(row, survivor_id=event.survivor_id)
        case c.CustomerUnmerged():
            return replace(row, survivor_id=None if row.survivor_id == event.other_id else row.survivor_id)
        case c.CustomerErasureRequested() | c.CustomerErased():
            # From the request on nothing new may be learned about the person.
            return replace(row, erased=True)
        case _:
            return row


def institution_ids(envelope: Envelope) -> Sequence[str]:
    return (envelope.data.institution_id,) if isinstance(envelope.data, _INSTITUTION_EVENTS) else ()


def evolve_institution(row: InstitutionEntry | None, _: str, envelope: Envelope) -> InstitutionEntry | None:
    event = envelope.data
    if isinstance(event, c.InstitutionRegistered):
        return InstitutionEntry(event.institution_id, event.parent_id)
    if row is None:
        return None
    match event:
        case c.InstitutionMoved():
            return replace(row, parent_id=event.parent_id)
        case c.InstitutionClosed():
            return replace(row, closed=True)
        case _:
            return row


CUSTOMERS = View(
    name="customer",
    row=CustomerEntry,
    ids=customer_ids,
    evolve=evolve_customer,
    index=lambda row: Index(owner=row.survivor_id or "", institution=row.institution_id, rank=row.customer_id),
)
INSTITUTIONS = View(
    name="institution",
    row=InstitutionEntry,
    ids=institution_ids,
    evolve=evolve_institution,
    index=lambda row: Index(owner=row.parent_id or "", institution=row.institution_id, rank=row.institution_id),
)


def directory(service: str) -> Projection:
    """A service's own directory; each has its own, so that each goes on without the others."""
    return Projection(f"{service}_directory", 1, (CUSTOMERS, INSTITUTIONS))
