"""The bonds of a relationship that rest on people: contact, trust, knowledge and advocacy.

Every bond is a value from 0 to 1 with the lines that make it up, in the same unit; the lines sum to the value.
"""

import math
from collections.abc import Sequence

import msgspec

from services.scoring.calendar import week_of
from services.scoring.contributions import Share
from services.scoring.decay import faded
from services.scoring.policy import Social
from services.scoring.reading import CONTACT_IN, CONTACT_OUT, Reading


class Bond(msgspec.Struct, frozen=True):
    """`known`: whether the bond rests on evidence of this customer rather than on what is assumed of everybody."""

    value: float
    known: bool
    shares: Sequence[Share] = ()


Weeks = list[tuple[int, float]]


def social(reading: Reading) -> Bond:
    """How close the contact is: conversations above all, messages and greetings a little, unanswered ones against."""
    policy = reading.policy.social
    inward = _weeks(reading, CONTACT_IN)
    outward = _weeks(reading, CONTACT_OUT)
    care = _weeks(reading, ("care",))
    visits = _weeks(reading, ("visit",))
    mutual = _Mutual(policy, _sum(inward), _sum(outward), _sum(care), _sum(visits))
    shares = [
        *_spread("contact_in", inward, mutual.inward),
        *_spread("contact_out", outward, mutual.outward),
        *_spread("care", care, mutual.care),
        *_spread("visit", visits, mutual.visits),
    ]
    if mutual.fatigue:
        shares.append(Share("fatigue", -mutual.fatigue))
    return Bond(mutual.value, bool(inward or outward or care or visits), shares)


def fatigue(reading: Reading) -> float:
    """Decayed weeks of unanswered contact beyond what is tolerated."""
    inward, outward = _sum(_weeks(reading, CONTACT_IN)), _sum(_weeks(reading, CONTACT_OUT))
    return max(0.0, outward - inward - reading.policy.social.fatigue_free)


class _Mutual:
    """The bond from the decayed weeks of each kind, and what each kind adds to it."""

    def __init__(self, policy: Social, inward: float, outward: float, care: float, visits: float) -> None:
        both = policy.two_way * min(inward, outward)
        left_over = policy.one_way * abs(inward - outward)
        one_way = left_over + policy.care * care
        capped = min(one_way, policy.one_way_cap)
        whole = both + capped + policy.visit * visits
        full = 1 - math.exp(-whole / policy.scale)
        unanswered = max(0.0, outward - inward - policy.fatigue_free)
        self.value = full * 2.0 ** (-unanswered / policy.fatigue_free)
        self.fatigue = full - self.value
        unit = full / whole if whole > 0 else 0.0
        kept = unit * capped / one_way if one_way > 0 else 0.0
        self.inward = unit * both / 2 + (kept * left_over if inward > outward else 0.0)
        self.outward = unit * both / 2 + (kept * left_over if outward > inward else 0.0)
        self.care = kept * policy.care * care
        self.visits = unit * policy.visit * visits


def _weeks(reading: Reading, kinds: Sequence[str]) -> Weeks:
    """Each calendar week with such a day: its last such day, and what is left of it."""
    half_life, today = reading.policy.half_life_days.social, reading.day
    last = {week_of(day): day for day in reading.days(*kinds)}
    return [(day, faded(half_life, today - day)) for day in last.values()]


def _sum(weeks: Weeks) -> float:
    return sum(left for _, left in weeks)


def _spread(kind: str, weeks: Weeks, amount: float) -> list[Share]:
    whole = _sum(weeks)
    return [Share(kind, amount * left / whole, day=day) for day, left in weeks] if whole > 0 else []


def trust(reading: Reading) -> Bond:
    """Promises kept against promises broken, from a modest start: the mean of a Beta distribution."""
    policy = reading.policy.trust
    half_life = reading.policy.half_life_days.trust
    kept = reading.weight("promise_kept", half_life)
    broken = reading.weight("promise_broken", half_life)
    evidence = policy.alpha + policy.beta + kept + policy.broken_weight * broken
    start = policy.alpha / (policy.alpha + policy.beta)
    up = (1 - start) / evidence
    down = start * policy.broken_weight / evidence
    shares = [Share("start", start, prior=True)]
    for promise in reading.promises:
        if promise.kept is not None:
            shares.append(Share("kept", up * reading.faded(half_life, promise.kept), promise.id, promise.kept))
        if promise.broken is not None:
            shares.append(Share("broken", -down * reading.faded(half_life, promise.broken), promise.id, promise.broken))
    return Bond((policy.alpha + kept) / evidence, kept > 0 or broken > 0, shares)


def knowledge(reading: Reading) -> Bond:
    """What the customer learned with the bank: salons, lessons, advice."""
    half_life = reading.policy.half_life_days.knowledge
    learned = [(day, reading.faded(half_life, day)) for day in reading.days("learning")]
    amount = 1 - math.exp(-_sum(learned) / reading.policy.knowledge.scale)
    return Bond(amount, bool(learned), _spread("learning", learned, amount))


def advocacy(reading: Reading) -> Bond:
    """Whom the customer brought, and what good the customer said."""
    policy = reading.policy.advocacy
    half_life = reading.policy.half_life_days.advocacy
    terms = {
        "converted": policy.converted * reading.weight("referral_converted", half_life),
        "praise": policy.praise * reading.weight("praise", half_life),
        "recorded": min(policy.recorded * reading.weight("referral_recorded", half_life), policy.recorded_cap),
    }
    whole = sum(terms.values())
    amount = 1 - math.exp(-whole / policy.scale)
    return Bond(amount, whole > 0, [Share(kind, amount * term / whole) for kind, term in terms.items() if term > 0])
