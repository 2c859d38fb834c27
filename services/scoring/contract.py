"""What scoring publishes: observations of a relationship, never facts that scoring itself would fold."""

from datetime import date
from typing import Any, Literal

import msgspec

Band = Literal["sporadic", "occasional", "close"]


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of every event: immutable, and silent about fields that hold their default."""


class RelationshipAssessed(Event, frozen=True):
    """The strength has moved by at least the policy's publish step, or its band has changed.

    `strength`, `satisfaction`, `service_quality` and `bonds` are in 1/10,000 of a point (0 to 1,000,000); a bond is
    what it contributes to the strength. `as_of` is the local day that was assessed.
    """

    customer_id: str
    institution_id: str
    as_of: date
    strength: int
    band: Band
    satisfaction: int
    service_quality: int
    bonds: dict[str, int]
    policy: str
    previous_strength: int | None = None
    relationship_manager: str | None = None


class RelationshipStrengthened(Event, frozen=True):
    """The band rose."""

    customer_id: str
    band: Band
    previous_band: Band
    relationship_manager: str | None = None


class RelationshipWeakened(Event, frozen=True):
    """The band fell."""

    customer_id: str
    band: Band
    previous_band: Band
    relationship_manager: str | None = None


LOG = "relationship"
EVENTS: tuple[tuple[str, int, type, str], ...] = (
    ("relationship.assessed", 1, RelationshipAssessed, "relationship"),
    ("relationship.strengthened", 1, RelationshipStrengthened, "relationship"),
    ("relationship.weakened", 1, RelationshipWeakened, "relationship"),
)
UPCASTERS: dict[tuple[str, int], Any] = {}
