"""The assessment of a relationship: strength 0 to 100 from nine bonds, explained to the last ten-thousandth."""

import math
from typing import Literal

import msgspec

from services.scoring.activity import behavioural
from services.scoring.bonds import Bond, advocacy, knowledge, social, trust
from services.scoring.contributions import FULL, POINT, Line, apportion, lines
from services.scoring.evidence import Evidence
from services.scoring.holdings import Holdings, breadth, depth, tenure
from services.scoring.longevity import expected
from services.scoring.loyalty import Attitude, Loyalty, loyalty
from services.scoring.policy import BONDS, Policy
from services.scoring.quality import HUNDRED, Quality
from services.scoring.reading import Profile, Reading
from services.scoring.satisfaction import Satisfaction, satisfaction
from services.scoring.signals import Earlier, Signal, Situation, signals
from services.scoring.stage import Stage, stage

Band = Literal["sporadic", "occasional", "close"]


class BondAssessment(msgspec.Struct, frozen=True):
    """`value` 0 to 1; `points` of `FULL` that the bond gives to the strength, which is the sum of its lines' points."""

    name: str
    weight: float
    value: float
    points: int
    known: bool
    lines: tuple[Line, ...]


class Assessment(msgspec.Struct, frozen=True):
    """What the evidence says of a relationship on a day, by a policy.

    `strength` is in 1/10,000 of a point (0 to 1,000,000) and the sum of the bonds' points; `known` is the weight of
    the bonds that rest on the customer's own evidence, so a prospect, who scores on assumptions alone, has 0.
    `retained` is the share of the usual money that stayed.
    """

    customer: str
    day: int
    policy: str
    strength: int
    band: Band
    known: float
    bonds: tuple[BondAssessment, ...]
    quality: Quality
    satisfaction: Satisfaction
    loyalty: Loyalty
    stage: Stage
    signals: tuple[Signal, ...]
    profile: Profile
    retained: float

    @property
    def points(self) -> float:
        """The strength from 0 to 100."""
        return self.strength / POINT


def assess(evidence: Evidence, policy: Policy, day: int, customer: str, earlier: Earlier | None = None) -> Assessment:
    """Assess one customer, or a group by the merge of its members' evidence and its survivor's id.

    `earlier` is what was said of earlier days; without it the signals that compare stay off.
    """
    reading = Reading(evidence, policy, day, customer)
    found, satisfied, shares = satisfaction(reading)
    holdings = Holdings(reading)
    bonds = {
        "social": social(reading),
        "behavioural": behavioural(reading),
        "depth": depth(holdings),
        "satisfaction": Bond(satisfied.score / HUNDRED, not satisfied.presumed, shares),
        "trust": trust(reading),
        "breadth": breadth(holdings, policy.breadth.scale),
        "tenure": tenure(reading, policy.tenure.full_years),
        "advocacy": advocacy(reading),
        "knowledge": knowledge(reading),
    }
    strength, assessed = _weigh(bonds, policy)
    attitude = Attitude(
        satisfied.score / HUNDRED, _main_bank(holdings, policy), bonds["advocacy"].value, satisfied.presumed
    )
    loyal = loyalty(reading, attitude, expected(reading))
    situation = Situation(reading, holdings, strength, found, satisfied, loyal, earlier or Earlier())
    raised = signals(situation)
    return Assessment(
        customer=customer,
        day=day,
        policy=policy.version,
        strength=strength,
        band=_band(strength, policy),
        known=math.fsum(bond.weight for bond in assessed if bond.known),
        bonds=assessed,
        quality=found,
        satisfaction=satisfied,
        loyalty=loyal,
        stage=stage(reading, strength, loyal, {signal.name for signal in raised}),
        signals=raised,
        profile=reading.profile,
        retained=holdings.retained,
    )


def _main_bank(holdings: Holdings, policy: Policy) -> float:
    """How far this is the customer's main bank: families held, as far as the money stayed."""
    return min(1.0, len(holdings.families) / policy.loyalty.main_bank_families) * holdings.retained


def _weigh(bonds: dict[str, Bond], policy: Policy) -> tuple[int, tuple[BondAssessment, ...]]:
    weights = [policy.strength.weights.of(name) for name in BONDS]
    exact = [FULL * weight * bonds[name].value for name, weight in zip(BONDS, weights, strict=True)]
    strength = math.floor(math.fsum(exact) + 0.5)
    given = apportion(strength, exact)
    assessed = [
        BondAssessment(
            name, weight, bonds[name].value, points, bonds[name].known, lines(points, FULL * weight, bonds[name].shares)
        )
        for name, weight, points in zip(BONDS, weights, given, strict=True)
    ]
    return strength, tuple(assessed)


def _band(strength: int, policy: Policy) -> Band:
    bands = policy.strength.bands
    if strength >= bands.close * POINT:
        return "close"
    return "occasional" if strength >= bands.occasional * POINT else "sporadic"
