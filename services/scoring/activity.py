"""The behavioural bond: how active the customer is, measured against what is usual for this very customer."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import msgspec

from services.scoring.bonds import Bond
from services.scoring.contributions import Share
from services.scoring.reading import Reading

REFERENCE_DAYS = 365


class Usual(msgspec.Struct, frozen=True):
    """The window looked at, in days, and the active days a day that are usual before it."""

    window: int
    rate: float


def between(days: Sequence[int], first: int, last: int) -> Sequence[int]:
    """Those of the sorted days that lie between two days, both included."""
    return days[bisect_left(days, first) : bisect_right(days, last)]


def usual(reading: Reading, start: int) -> Usual:
    """The shortest window in which the customer is usually active often enough for chance to even out."""
    policy = reading.policy.behavioural
    found = Usual(0, 0.0)
    for window in policy.windows:
        found = Usual(window, _rate(reading, start, window))
        if found.rate * window >= policy.enough:
            break
    return found


def _rate(reading: Reading, start: int, window: int) -> float:
    policy = reading.policy.behavioural
    last = reading.day - window
    first = max(start, last - REFERENCE_DAYS + 1)
    elapsed = max(0, last - first + 1)
    number = len(between(reading.active, first, last)) if elapsed else 0
    assumed = policy.usual(reading.profile.kind)
    return max(1 / policy.floor_days, (number + policy.prior_days * assumed) / (elapsed + policy.prior_days))


def behavioural(reading: Reading) -> Bond:
    """Active days in the window against three quarters of the usual number; prospects have none."""
    if reading.start is None:
        return Bond(0.0, False)
    policy = reading.policy.behavioural
    found = usual(reading, reading.start)
    recent = between(reading.active, reading.day - found.window + 1, reading.day)
    expected = policy.full_share * found.rate * min(found.window, reading.age)
    amount = min(1.0, (len(recent) + policy.kappa) / (expected + policy.kappa))
    if not recent:
        return Bond(amount, bool(reading.active), [Share("start", amount, prior=True)])
    return Bond(amount, True, [Share("active", amount / len(recent), day=day) for day in recent])
