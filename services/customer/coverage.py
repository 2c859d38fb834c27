"""Coverage: who of the bank looks after a customer, in which role."""

from typing import Any

import msgspec

from services.customer.contract import CoverageAssigned, CoverageRole, CoverageTransferred
from services.customer.customer import Customer, check_exists


class Cover(msgspec.Struct, frozen=True):
    role: CoverageRole
    employee_id: str


def cover(customer: Customer, command: Cover) -> list[Any]:
    """The first of a role is assigned; whoever follows has it transferred from the one before."""
    check_exists(customer)
    previous = customer.coverage.get(command.role)
    if previous == command.employee_id:
        return []
    if previous is None:
        return [CoverageAssigned(customer.customer_id, command.role, command.employee_id)]
    return [CoverageTransferred(customer.customer_id, command.role, command.employee_id, previous)]
