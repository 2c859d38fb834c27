"""Two customers that are one: both keep their keys and their events; the group is assessed as one until unmerged."""

from typing import Any

import msgspec

from services.customer.contract import CustomerAbsorbed, CustomerMerged, CustomerUnmerged
from services.customer.customer import Customer, check_exists, check_named
from shared.decider import Rejected


class Merge(msgspec.Struct, frozen=True):
    absorbed_id: str


class Unmerge(msgspec.Struct, frozen=True):
    absorbed_id: str


def merge(survivor: Customer, absorbed: Customer, command: Merge) -> list[Any]:
    """Groups are flat: who was absorbed absorbs nobody, and who absorbed somebody is not absorbed."""
    check_exists(survivor)
    check_named(absorbed, "/absorbed_id")
    if command.absorbed_id == survivor.customer_id:
        raise Rejected("same_customer", "A customer is not merged with itself.", "/absorbed_id")
    if command.absorbed_id in survivor.absorbed:
        return []
    if survivor.survivor_id or absorbed.survivor_id or absorbed.absorbed:
        raise Rejected("already_merged", "One of the customers belongs to another group.", kind="conflict")
    return [
        CustomerMerged(survivor.customer_id, command.absorbed_id),
        CustomerAbsorbed(command.absorbed_id, survivor.customer_id),
    ]


def unmerge(survivor: Customer, absorbed: Customer, command: Unmerge) -> list[Any]:
    check_exists(survivor)
    check_named(absorbed, "/absorbed_id")
    if command.absorbed_id not in survivor.absorbed:
        return []
    return [
        CustomerUnmerged(survivor.customer_id, command.absorbed_id),
        CustomerUnmerged(command.absorbed_id, survivor.customer_id),
    ]
