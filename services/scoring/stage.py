"""Where a customer stands in the life of the relationship; the first description that fits."""

from bisect import bisect_right
from collections.abc import Collection
from itertools import pairwise
from typing import Literal

from services.scoring.contributions import POINT
from services.scoring.holdings import DAYS_IN_YEAR
from services.scoring.loyalty import Loyalty
from services.scoring.reading import Reading

Stage = Literal["prospect", "lapsed", "returned", "new", "at_risk", "loyal", "active"]
RISKS = frozenset({"silence", "outflow", "strength_drop"})


def stage(reading: Reading, strength: int, loyalty: Loyalty, signals: Collection[str]) -> Stage:
    """The stage on the day of the reading; `strength` in 1/10,000 point, `signals` by name."""
    if reading.start is None or reading.earliest is None:
        return "prospect"
    if _lapsed(reading):
        return "lapsed"
    if _returned(reading, reading.start):
        return "returned"
    if reading.age < reading.policy.stage.new_days:
        return "new"
    if not RISKS.isdisjoint(signals):
        return "at_risk"
    return "loyal" if _loyal(reading, reading.earliest, strength, loyalty) else "active"


def _loyal(reading: Reading, earliest: int, strength: int, loyalty: Loyalty) -> bool:
    policy = reading.policy
    close = strength >= policy.strength.bands.close * POINT
    years = (reading.day - earliest) / DAYS_IN_YEAR
    return close and loyalty.kind == "true" and years >= policy.stage.loyal_years


def _lapsed(reading: Reading) -> bool:
    if not reading.open_accounts:
        return True
    lapsed_days = reading.policy.stage.lapsed_days
    seen = reading.active and reading.day - reading.active[-1] < lapsed_days
    return reading.age >= lapsed_days and not seen


def _returned(reading: Reading, start: int) -> bool:
    """Whether a recent active day ended a lapse: a year without one, or a time without any open account."""
    policy = reading.policy.stage
    recent = bisect_right(reading.active, reading.day - policy.returned_days)
    before = reading.active[recent - 1] if recent else start
    return any(
        day - last >= policy.lapsed_days or _left_between(reading, last, day)
        for last, day in pairwise([before, *reading.active[recent:]])
    )


def _left_between(reading: Reading, before: int, day: int) -> bool:
    ends = [a.ended for a in reading.accounts if a.ended is not None and before < a.ended <= day]
    return any(not any(account.open_on(end) for account in reading.accounts) for end in ends)
