"""What is said about a relationship, and when: a decider over what was last published."""

from typing import Any

import msgspec

from services.scoring.contract import (
    Band,
    RelationshipAssessed,
    RelationshipStrengthened,
    RelationshipWeakened,
)
from shared.decider import Decider

ORDER: dict[Band, int] = {"sporadic": 0, "occasional": 1, "close": 2}


class Published(msgspec.Struct, frozen=True):
    """The last published strength (1/10,000 point) and band; None before the first."""

    strength: int | None = None
    band: Band | None = None


def stream(customer_id: str) -> str:
    """The stream of one customer's publications."""
    return f"relationship-{customer_id}"


def decide(state: Published, observed: RelationshipAssessed, step: int) -> tuple[Any, ...]:
    """The events worth telling: none while the band holds and the strength moved by less than `step`."""
    moved = state.strength is None or abs(observed.strength - state.strength) >= step
    if not moved and observed.band == state.band:
        return ()
    assessed = msgspec.structs.replace(observed, previous_strength=state.strength)
    if state.band is None or observed.band == state.band:
        return (assessed,)
    risen = ORDER[observed.band] > ORDER[state.band]
    kind = RelationshipStrengthened if risen else RelationshipWeakened
    return (assessed, kind(observed.customer_id, observed.band, state.band, observed.relationship_manager))


def evolve(state: Published, event: Any) -> Published:
    """What is published after an event."""
    if isinstance(event, RelationshipAssessed):
        return Published(event.strength, event.band)
    return state


PUBLICATION: Decider[Published] = Decider(Published(), evolve)
