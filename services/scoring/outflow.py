"""Money leaving for other banks: the last quarter's flow against the usual one, as a share of the usual balance."""

import math

from services.scoring.holdings import Holdings
from services.scoring.reading import Reading

QUARTER = 90


def outflow(reading: Reading, holdings: Holdings) -> float:
    """What a quarter at the present rate brings beyond the usual rate; negative when money leaves."""
    days = reading.days("external")
    if not days:
        return 0.0
    half_lives = reading.policy.half_life_days
    age = reading.day - days[0] + 1
    recent = _rate(reading, half_lives.external, age)
    usual = _rate(reading, half_lives.external_long, age)
    low, _ = holdings.marks
    return QUARTER * (recent - usual) / max(holdings.usual_savings, low)


def _rate(reading: Reading, half_life: int, age: int) -> float:
    """Net money from other banks a day, in whole units of the base currency."""
    net = math.fsum(
        reading.policy.units(reading.sum(measure, half_life), measure.partition(":")[2])
        for measure in sorted(reading.evidence.sums)
        if measure.startswith("external:")
    )
    return net * math.log(2) / half_life / (1 - 2.0 ** (-age / half_life))
