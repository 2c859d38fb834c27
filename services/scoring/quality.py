"""Service quality Q: what customers say of the service, element by element, drawn towards the bank's average.

Each element is a credibility mean (Bühlmann): `(kappa * mu + sum of w * r) / (kappa + sum of w)`, with decayed weights.
"""

from collections.abc import Mapping, Sequence

import msgspec

from services.scoring.contributions import Share
from services.scoring.policy import ELEMENTS, Element
from services.scoring.reading import Reading

HUNDRED = 100


class Quality(msgspec.Struct, frozen=True):
    """Scores 0 to 100. `weight` is the decayed weight of ratings; below the policy's mark the score is `presumed`."""

    score: float
    elements: dict[str, float]
    technical: float
    functional: float
    weight: float
    presumed: bool


class Rated(msgspec.Struct, frozen=True):
    """The ratings of one element from one source: decayed weight and mean (0 to 100)."""

    element: str
    source: str
    weight: float
    mean: float


def rated(reading: Reading) -> tuple[Rated, ...]:
    """What was rated, by element and source."""
    policy = reading.policy
    half_life = policy.half_life_days.rating
    found: list[Rated] = []
    for measure in sorted(reading.evidence.sums):
        name, _, which = measure.partition(":")
        if name != "rating_count":
            continue
        element, _, source = which.partition(":")
        number = reading.weight(measure, half_life)
        trusted = policy.quality.sources.get(source, 0.0)
        if number > 0 and trusted > 0:
            points = reading.weight(f"rating_points:{which}", half_life) / HUNDRED
            found.append(Rated(element, source, trusted * number, points / number))
    return tuple(found)


def element_weights(reading: Reading) -> Mapping[Element, float]:
    """What matters to the customer, else to its segment, else to the policy; sums to 1."""
    own = reading.profile.weights
    quality = reading.policy.quality
    segment = {kind: table for kind, table in quality.segments.items() if kind == reading.profile.kind}
    fallback = next(iter(segment.values()), quality.weights)
    chosen: dict[Element, float] = {e: max(0.0, float(own.get(e, 0.0))) for e in ELEMENTS}
    if sum(chosen.values()) <= 0:
        chosen = {e: fallback[e] for e in ELEMENTS}
    whole = sum(chosen.values())
    return {element: chosen[element] / whole for element in ELEMENTS}


def quality(reading: Reading) -> tuple[Quality, list[Share]]:
    """Q, and its lines in units of 1: the bank's average, then each element and source."""
    policy = reading.policy.quality
    ratings = rated(reading)
    weights = element_weights(reading)
    elements: dict[str, float] = {}
    moved: dict[str, float] = {}
    for element in ELEMENTS:
        mine = [r for r in ratings if r.element in {element, "overall"}]
        mean = policy.mean(element)
        evidence = policy.kappa + sum(r.weight for r in mine)
        elements[element] = mean
        for r in mine:
            lift = r.weight * (r.mean - mean) / evidence
            elements[element] += lift
            name = f"{r.element}:{r.source}"
            moved[name] = moved.get(name, 0.0) + weights[element] * lift / HUNDRED
    average = sum(weights[e] * policy.mean(e) for e in ELEMENTS) / HUNDRED
    weight = sum(r.weight for r in ratings)
    shares = [Share("average", average, prior=True), *(Share("rating", lift, n) for n, lift in sorted(moved.items()))]
    technical: list[Element] = [e for e in ELEMENTS if e in policy.technical]
    functional: list[Element] = [e for e in ELEMENTS if e not in policy.technical]
    found = Quality(
        score=sum(weights[e] * elements[e] for e in ELEMENTS),
        elements=elements,
        technical=_mean(elements, weights, technical),
        functional=_mean(elements, weights, functional),
        weight=weight,
        presumed=weight < policy.evidence_min,
    )
    return found, shares


def _mean(elements: Mapping[str, float], weights: Mapping[Element, float], chosen: Sequence[Element]) -> float:
    whole = sum(weights[e] for e in chosen)
    if whole <= 0:
        return sum(elements[e] for e in chosen) / len(chosen) if chosen else 0.0
    return sum(weights[e] * elements[e] for e in chosen) / whole
