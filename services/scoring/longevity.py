"""How active a customer will be, as long as no model is fitted on the bank's own population.

The rule needs no fit: a rate drawn towards the segment's usual, and odds of still being there from the length of the
silence. Customers are ranked by expected activity, never by P(alive).
"""

import msgspec

from services.scoring.reading import Reading


class Expected(msgspec.Struct, frozen=True):
    """Active days expected in the policy's window. `alive` is given for customers with a repeat only."""

    activity: float
    alive: float | None


def expected(reading: Reading) -> Expected:
    """Expected active days in the next `loyalty.window_days`."""
    days = reading.active
    if not days:
        return Expected(0.0, None)
    policy = reading.policy
    unit = policy.lifetime.unit_days
    prior = 1 / (unit * policy.behavioural.usual(reading.profile.kind))
    repeats = len(days) - 1
    recency = (days[-1] - days[0]) / unit
    observed = (reading.day - days[0]) / unit
    rate = (repeats + 1) / (observed + prior)
    still = (1 + (observed - recency) / (recency + prior)) ** -(repeats + 1)
    alive = still / (still + policy.loyalty.gone_prior * (1 - still))
    window = policy.loyalty.window_days / unit
    return Expected(rate * alive * window, alive if repeats else None)
