"""Loyalty (Dick and Basu 1994): what the customer thinks of the bank, against what the customer does."""

import math
from typing import Literal

import msgspec

from services.scoring.contributions import FULL, Line, Share, lines
from services.scoring.longevity import Expected
from services.scoring.reading import Reading

LoyaltyClass = Literal["true", "latent", "spurious", "none"]


class Loyalty(msgspec.Struct, frozen=True):
    """`attitude` and `patronage` 0 to 1; `index` in 1/10,000 point, 100 times their geometric mean.

    `presumed`: the attitude rests on no rating and no complaint of the customer.
    """

    kind: LoyaltyClass
    attitude: float
    patronage: float
    index: int
    presumed: bool
    expected: Expected
    lines: tuple[Line, ...]


class Attitude(msgspec.Struct, frozen=True):
    """What the attitude is made of, each 0 to 1."""

    satisfaction: float
    main_bank: float
    advocacy: float
    presumed: bool


def loyalty(reading: Reading, attitude: Attitude, expected: Expected) -> Loyalty:
    """The class and the index; half of the index comes from each side, shared out by its parts."""
    policy = reading.policy.loyalty
    weights = policy.attitude
    parts = {
        "satisfaction": weights.satisfaction * attitude.satisfaction,
        "main_bank": weights.main_bank * attitude.main_bank,
        "advocacy": weights.advocacy * attitude.advocacy,
    }
    thought = math.fsum(parts.values())
    usual = policy.window_days * reading.policy.behavioural.usual(reading.profile.kind)
    done = expected.activity / (expected.activity + usual)
    index = math.sqrt(thought * done)
    shares = [Share("patronage", index / 2)]
    if thought > 0:
        shares += [Share(kind, index / 2 * part / thought) for kind, part in parts.items()]
    points = math.floor(FULL * index + 0.5)
    return Loyalty(
        kind=_class(thought >= policy.high_attitude, done >= policy.high_patronage),
        attitude=thought,
        patronage=done,
        index=points,
        presumed=attitude.presumed,
        expected=expected,
        lines=lines(points, FULL, shares),
    )


def _class(thinks_well: bool, comes_often: bool) -> LoyaltyClass:
    if thinks_well:
        return "true" if comes_often else "latent"
    return "spurious" if comes_often else "none"
