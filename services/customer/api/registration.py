"""Registering customers: is the person known already, sealing what is personal, then the decision."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.customer import customer as customers
from services.customer.api.common import Named, customer_target, institution_target, intent
from services.customer.api.customer_models import CustomerIn, ProfileIn
from services.customer.customer import RegisterCustomer
from services.customer.service import CustomerService
from services.customer.views.customers import CUSTOMERS
from shared import identifiers
from shared.decider import Rejected
from shared.envelope import Sealed
from shared.vault import Erased
from shared.web import Call, Intent
from shared.web.resources import identity

INDEXED = {"contact.phone": "phone", "identity_number": "identity_number"}
"""Personal field → kind in the blind index, by which a customer is found again."""

CONTACT = "contact."


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The person may be known already; `candidates` are those of them whom the caller may see."""

    pointer: str
    candidates: tuple[str, ...]

    @property
    def rejected(self) -> Rejected:
        """As a verdict."""
        known = ", ".join(self.candidates) or "a customer of another institution"
        detail = f"This may be {known}. Send allow_duplicate to register nevertheless."
        return Rejected("possible_duplicate", detail, self.pointer, kind="conflict")


async def registrations(
    bodies: Sequence[CustomerIn], call: Call, service: CustomerService
) -> list[Intent | Duplicate | Rejected]:
    """What each body asks for, in order: one look into the index and one sealing for all of them."""
    ids = [_identity(body, call) for body in bodies]
    duplicates = await _duplicates(bodies, ids, call, service)
    for index in duplicates:
        await release(service, call, bodies[index], ids[index])
    values = [{} if index in duplicates else personal(body) for index, body in enumerate(bodies)]
    boxes = await seal(service, list(zip(ids, values, strict=True)))
    answers: list[Intent | Duplicate | Rejected] = []
    for index, body in enumerate(bodies):
        sealed = boxes[index]
        if index in duplicates:
            answers.append(duplicates[index])
        elif isinstance(sealed, Rejected):
            answers.append(sealed)
        else:
            answers.append(_registration(body, ids[index], sealed, call))
    return answers


def personal(body: CustomerIn | ProfileIn) -> dict[str, str]:
    """Field → value in clear of everything personal that is given."""
    contact = body.contact.given() if body.contact else {}
    values = {
        "name": body.name,
        "birth_date": body.birth_date.isoformat() if body.birth_date else None,
        "identity_number": body.identity_number,
        **{f"{CONTACT}{field}": value for field, value in contact.items()},
    }
    return {field: value for field, value in values.items() if value is not None}


async def seal(
    service: CustomerService, people: Sequence[tuple[str, dict[str, str]]]
) -> list[dict[str, Sealed] | Rejected]:
    """The values of each customer sealed, in order; a refusal for one who was erased."""
    plain = [(customer_id, field, value) for customer_id, values in people for field, value in values.items()]
    boxes = iter(await service.vault.seal_many(plain) if plain else [])
    answers: list[dict[str, Sealed] | Rejected] = []
    for _, values in people:
        sealed = {field: next(boxes) for field in values}
        kept = {field: box for field, box in sealed.items() if not isinstance(box, Erased)}
        gone = Rejected("customer_erased", "The customer was erased.", kind="gone")
        answers.append(kept if len(kept) == len(sealed) else gone)
    return answers


async def claim(service: CustomerService, customer_id: str, values: dict[str, str]) -> None:
    """Make a customer findable by these values, where nobody else is found by them already."""
    await service.vault.index.claim(
        [(kind, values[field], customer_id) for field, kind in INDEXED.items() if field in values]
    )


async def release(service: CustomerService, call: Call, body: CustomerIn, customer_id: str) -> None:
    """Let go of what a refused registration claimed, or the corrected one would find a duplicate in it.

    Only where the id was made for this request alone: any other may be being registered at this moment.
    """
    if body.reference is None and not call.key:
        await service.vault.index.forget(customer_id)


def contact_of(sealed: dict[str, Sealed]) -> dict[str, Sealed]:
    """The contact data among sealed values."""
    return {field.removeprefix(CONTACT): box for field, box in sealed.items() if field.startswith(CONTACT)}


def _identity(body: CustomerIn, call: Call) -> str:
    """Lines of a bulk request share its idempotency key, so that their content tells them apart."""
    if not call.bulk or body.reference is not None or not call.key:
        return identity("cus", call, body.reference)
    return identifiers.derived("cus", "idempotency-key", f"{call.key}:{body.model_dump_json()}")


async def _duplicates(
    bodies: Sequence[CustomerIn], ids: Sequence[str], call: Call, service: CustomerService
) -> dict[int, Duplicate]:
    """Line → whom it may repeat. What nobody has yet is claimed before the event, so that two cannot both be first."""
    claims = [
        (index, field, (kind, values[field], ids[index]))
        for index, values in enumerate(map(personal, bodies))
        for field, kind in INDEXED.items()
        if field in values
    ]
    owners = await service.vault.index.claim([entry for _, _, entry in claims])
    found: dict[int, list[tuple[str, str]]] = {}
    for (index, field, _), owner in zip(claims, owners, strict=True):
        if owner != ids[index] and not bodies[index].allow_duplicate:
            found.setdefault(index, []).append((field, owner))
    visible = await _visible({owner for pairs in found.values() for _, owner in pairs}, call, service)
    return {
        index: Duplicate(
            "/" + pairs[0][0].replace(".", "/"),
            tuple(dict.fromkeys(owner for _, owner in pairs if owner in visible)),
        )
        for index, pairs in found.items()
    }


async def _visible(ids: set[str], call: Call, service: CustomerService) -> set[str]:
    if call.scope.institutions is None:
        return ids
    return set(await service.views.get_many(CUSTOMERS, ids, call.scope))


def _registration(body: CustomerIn, customer_id: str, sealed: dict[str, Sealed], call: Call) -> Intent:
    reference = body.reference.value if body.reference else None
    command = RegisterCustomer(
        customer_id=customer_id,
        kind=body.kind,
        institution_id=body.institution_id,
        name=sealed["name"],
        contact=contact_of(sealed),
        birth_date=sealed.get("birth_date"),
        identity_number=sealed.get("identity_number"),
        reference=reference,
    )
    targets = [customer_target(customer_id), Named(institution_target(body.institution_id))]
    key = call.reference_key("customer", reference)
    return intent(call, targets, customers.register, command, call.occurred_at(body.occurred_at), key=key)
