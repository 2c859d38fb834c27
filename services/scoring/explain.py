"""The explanation down to the events: every line of an assessment, shared out over what happened.

Evidence keeps days and things rather than event ids, so the customer's timeline is read to name the events. Points are
whole 1/10,000 points: a line's events and its rest add up to the line exactly, as the lines add up to the bond and the
bonds to the strength.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec

from services.scoring.assess import Assessment
from services.scoring.calendar import week_of
from services.scoring.contributions import FULL, Line, apportion
from services.scoring.decay import faded, value
from services.scoring.evidence import Evidence
from services.scoring.policy import ELEMENTS, Policy
from services.scoring.quality import HUNDRED, element_weights, rated
from services.scoring.reading import CONTACT_IN, CONTACT_OUT, SAVED, Reading
from services.scoring.standing import Standing

LISTED = 5
MEASURES = {"converted": "referral_converted", "praise": "praise", "recorded": "referral_recorded"}


class EventShare(msgspec.Struct, frozen=True):
    """An event (`{log}:{position}`) and its part of a line, in 1/10,000 point; 0 where it is only listed."""

    event: str
    type: str
    occurred_at: datetime
    points: int


class ExplainedLine(msgspec.Struct, frozen=True):
    """A line with its events. `rest` is what no event stands for: an assumption, or money that is held."""

    line: Line
    events: tuple[EventShare, ...]
    rest: int


class ExplainedBond(msgspec.Struct, frozen=True):
    """A bond of the assessment with its lines explained."""

    name: str
    points: int
    lines: tuple[ExplainedLine, ...]


Weighted = list[tuple[Standing, float]]


def explain(
    assessment: Assessment, evidence: Evidence, policy: Policy, events: Sequence[Standing]
) -> tuple[ExplainedBond, ...]:
    """The assessment's lines with the standing events of the same evidence."""
    explainer = _Explainer(Reading(evidence, policy, assessment.day, assessment.customer), events)
    return tuple(
        ExplainedBond(bond.name, bond.points, tuple(explainer.line(line) for line in bond.lines))
        for bond in assessment.bonds
    )


class _Explainer:
    def __init__(self, reading: Reading, events: Sequence[Standing]) -> None:
        self._reading = reading
        self._index = _Index(events)
        self._lift = _Lift(reading)
        half_lives = reading.policy.half_life_days
        self._weighers: dict[str, Callable[[Line], Weighted]] = {
            "contact_in": lambda line: self._index.week(CONTACT_IN, line.day),
            "contact_out": lambda line: self._index.week(CONTACT_OUT, line.day),
            "care": lambda line: self._index.week(("care",), line.day),
            "visit": lambda line: self._index.week(("visit",), line.day),
            "fatigue": lambda _: self._unanswered(half_lives.social),
            "learning": lambda line: self._index.day("learning", line.day),
            "active": lambda line: self._index.day("active", line.day),
            "kept": lambda line: self._index.thing(line.entity, "kept"),
            "broken": lambda line: self._index.thing(line.entity, "broken"),
            "opening": lambda line: self._index.thing(line.entity, "opened", "holder:"),
            "complaint": lambda line: self._index.thing(line.entity, "received"),
            "silence": self._silence,
            **{kind: self._decayed(measure, half_lives.advocacy) for kind, measure in MEASURES.items()},
        }

    def line(self, line: Line) -> ExplainedLine:
        """The line with the events behind it."""
        if line.kind == "rating":
            found = self._index.measured(f"rating_count:{line.entity}")
            unit = FULL * self._reading.policy.strength.weights.satisfaction
            return _shared(line, list(found), [unit * self._lift.of(line.entity, e) for e in found])
        if line.kind in {"balance", "money_left"}:
            return ExplainedLine(line, self._movements(line), line.points)
        weigh = self._weighers.get(line.kind)
        weighted = [] if weigh is None else weigh(line)
        whole = sum(weight for _, weight in weighted)
        if whole <= 0:
            return ExplainedLine(line, (), line.points)
        return _shared(line, [event for event, _ in weighted], [line.points * w / whole for _, w in weighted])

    def _unanswered(self, half_life: int) -> Weighted:
        return [
            (event, faded(half_life, max(0, self._reading.day - day)))
            for kind in ("message_out", "unreached")
            for event, day in self._index.kind(kind)
        ]

    def _silence(self, line: Line) -> Weighted:
        if line.day is None:
            return []
        day = line.day - self._reading.policy.recovery.silent_wait_days
        return [pair for kind in self._index.kinds("rating_bad:") for pair in self._index.day(kind, day)]

    def _decayed(self, measure: str, half_life: int) -> Callable[[Line], Weighted]:
        def weigh(_: Line) -> Weighted:
            return [
                (event, value(event.delta.sums[measure][half_life], half_life, self._reading.day))
                for event in self._index.measured(measure)
            ]

        return weigh

    def _movements(self, line: Line) -> tuple[EventShare, ...]:
        """The largest movements of an account; where money left, the largest that took it from the savings."""
        outward = line.kind == "money_left"
        saved = {account.id for account in self._reading.accounts if account.family in SAVED}
        found = [
            (amount, event)
            for account in (saved if outward else {line.entity})
            for measure in (f"moved:{account}", f"balance:{account}")
            for event in self._index.moved(measure)
            for amount in [event.delta.totals[measure]]
            if amount < 0 or not outward
        ]
        largest = sorted(found, key=lambda pair: (-abs(pair[0]), pair[1].order))[:LISTED]
        return tuple(EventShare(event.id, event.type, event.occurred_at, 0) for _, event in largest)


class _Lift:
    """What one rating moved the service quality by, in units of the bond."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._weights = element_weights(reading)
        quality = reading.policy.quality
        ratings = rated(reading)
        self._evidence = {
            e: quality.kappa + sum(r.weight for r in ratings if r.element in {e, "overall"}) for e in ELEMENTS
        }

    def of(self, which: str, event: Standing) -> float:
        """`which` is `element:source`."""
        element, _, source = which.partition(":")
        quality = self._reading.policy.quality
        half_life = self._reading.policy.half_life_days.rating
        number = self._read(event, f"rating_count:{which}", half_life)
        points = self._read(event, f"rating_points:{which}", half_life) / HUNDRED
        return (
            sum(
                self._weights[e]
                * quality.sources.get(source, 0.0)
                * (points - number * quality.mean(e))
                / self._evidence[e]
                for e in ELEMENTS
                if element in {e, "overall"}
            )
            / HUNDRED
        )

    def _read(self, event: Standing, measure: str, half_life: int) -> float:
        return value(event.delta.sums.get(measure, {}).get(half_life, 0), half_life, self._reading.day)


class _Index:
    """The standing events by what they add."""

    def __init__(self, events: Iterable[Standing]) -> None:
        self._kinds: defaultdict[str, list[tuple[Standing, int]]] = defaultdict(list)
        self._days: defaultdict[tuple[str, int], list[Standing]] = defaultdict(list)
        self._weeks: defaultdict[tuple[str, int], list[Standing]] = defaultdict(list)
        self._things: defaultdict[str, list[Standing]] = defaultdict(list)
        self._measures: defaultdict[str, list[Standing]] = defaultdict(list)
        self._totals: defaultdict[str, list[Standing]] = defaultdict(list)
        for event in events:
            self._add(event)

    def _add(self, event: Standing) -> None:
        for kind, counts in event.delta.days.items():
            for day in counts:
                self._kinds[kind].append((event, day))
                self._days[kind, day].append(event)
                self._weeks[kind, week_of(day)].append(event)
        for entity in event.delta.facts:
            self._things[entity].append(event)
        for measure in event.delta.sums:
            self._measures[measure].append(event)
        for measure in event.delta.totals:
            self._totals[measure].append(event)

    def week(self, kinds: Sequence[str], day: int | None) -> Weighted:
        """The events of these kinds in the week of a day, each once."""
        found = {} if day is None else {e.id: e for kind in kinds for e in self._weeks[kind, week_of(day)]}
        return [(event, 1.0) for event in found.values()]

    def day(self, kind: str, day: int | None) -> Weighted:
        return [] if day is None else [(event, 1.0) for event in self._days[kind, day]]

    def kind(self, kind: str) -> list[tuple[Standing, int]]:
        return self._kinds[kind]

    def kinds(self, prefix: str) -> list[str]:
        return sorted(kind for kind in self._kinds if kind.startswith(prefix))

    def thing(self, entity: str, *fields: str) -> Weighted:
        """The events that told one of these fields of a thing."""
        return [
            (event, 1.0)
            for event in self._things[entity]
            if any(name.startswith(fields) for name in event.delta.facts[entity])
        ]

    def measured(self, measure: str) -> list[Standing]:
        return self._measures[measure]

    def moved(self, measure: str) -> list[Standing]:
        return self._totals[measure]


def _shared(line: Line, events: Sequence[Standing], weights: Sequence[float]) -> ExplainedLine:
    ordered = sorted(zip(events, weights, strict=True), key=lambda pair: pair[0].order)
    given = apportion(line.points, [weight for _, weight in ordered])
    shares = tuple(
        EventShare(event.id, event.type, event.occurred_at, points)
        for (event, _), points in zip(ordered, given, strict=True)
    )
    return ExplainedLine(line, shares, line.points - sum(given))
