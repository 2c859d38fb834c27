"""The dossier: what the bank has learned about a customer, from whom and for which purpose."""

from typing import Any

import msgspec

from services.customer.contract import DossierFactAdded, DossierFactWithdrawn
from services.customer.customer import Customer, check_exists
from shared.decider import Rejected
from shared.envelope import Sealed


class AddFact(msgspec.Struct, frozen=True):
    """`value` arrives sealed; `interaction_id` is the contact in which it was learned."""

    fact_id: str
    topic: str
    value: Sealed
    purpose: str
    interaction_id: str | None = None


class WithdrawFact(msgspec.Struct, frozen=True):
    fact_id: str


def add(customer: Customer, command: AddFact) -> list[Any]:
    """A fact that was withdrawn stays withdrawn: learning it again is a new fact."""
    check_exists(customer)
    if command.fact_id in customer.facts or command.fact_id in customer.withdrawn_facts:
        return []
    return [
        DossierFactAdded(
            customer.customer_id,
            command.fact_id,
            command.topic,
            command.value,
            command.purpose,
            command.interaction_id,
        )
    ]


def withdraw(customer: Customer, command: WithdrawFact) -> list[Any]:
    check_exists(customer)
    if command.fact_id in customer.withdrawn_facts:
        return []
    if command.fact_id not in customer.facts:
        raise Rejected("not_found", "No such resource.", kind="not_found")
    return [DossierFactWithdrawn(customer.customer_id, command.fact_id)]
