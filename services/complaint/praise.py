"""Praise: said once, and first-class like a complaint."""

from typing import Any

import msgspec

from services.complaint.contract import PraiseRecorded
from shared.decider import Decider, Rejected


class Praise(msgspec.Struct, frozen=True):
    """What is on record, None before."""

    recorded: PraiseRecorded | None = None


def record(praise: Praise, recorded: PraiseRecorded) -> list[Any]:
    """Recording the same praise again says nothing new."""
    if praise.recorded is None:
        return [recorded]
    if praise.recorded == recorded:
        return []
    raise Rejected("already_recorded", "Other praise is recorded here.", kind="conflict")


def evolve(praise: Praise, event: Any) -> Praise:
    return Praise(event) if isinstance(event, PraiseRecorded) else praise


def owner(praise: Praise) -> str | None:
    """The institution whom the access rules ask about."""
    return praise.recorded.institution_id if praise.recorded else None


decider = Decider(Praise(), evolve)
