"""What scoring answers over HTTP. Scores are points from 0 to 100 with at most four decimals, days are local dates."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from services.scoring.assess import Assessment, BondAssessment
from services.scoring.calendar import date_of
from services.scoring.contract import Band
from services.scoring.contributions import POINT
from services.scoring.explain import ExplainedBond, ExplainedLine
from services.scoring.loyalty import Loyalty
from services.scoring.quality import Quality
from services.scoring.recovery import Episode
from shared.web import View

Points = Annotated[float, Field(examples=[58.1234])]


class BondOut(View):
    """One bond: its weight, its value from 0 to 1, and the points that it gives to the strength."""

    name: str
    weight: float
    value: float
    points: Points
    known: bool = Field(description="Whether it rests on the customer's own events, not on assumptions.")


class QualityOut(View):
    """Service quality as the customer sees it, drawn towards the bank's average while little is known."""

    score: Points
    technical: Points
    functional: Points
    elements: dict[str, Points]
    weight: float = Field(description="Decayed weight of the ratings behind it.")
    presumed: bool


class EpisodeOut(View):
    """A complaint, or a silence after bad ratings, and the factor by which it lowers satisfaction today."""

    complaint_id: str | None
    outcome: str
    severity: str
    since: date | None
    factor: float


class SatisfactionOut(View):
    """Service quality times what every episode has left of it."""

    score: Points
    presumed: bool
    episodes: list[EpisodeOut]


class LoyaltyOut(View):
    """What the customer thinks of the bank against what the customer does (Dick and Basu 1994)."""

    kind: Literal["true", "latent", "spurious", "none"]
    index: Points
    attitude: float
    patronage: float
    presumed: bool = Field(description="The attitude rests on no rating and no complaint of the customer.")


class SignalOut(View):
    """What a banker should look at today, on what it rests, and what would end it."""

    name: str
    evidence: dict[str, float | str]
    clears: str


class RelationshipOut(View):
    """The assessment of one customer on one day."""

    customer_id: str
    members: list[str] = Field(description="The customers that are assessed as one, after a merge.")
    kind: str
    tier: str | None
    institution_id: str
    relationship_manager: str | None
    as_of: date
    known_at: datetime | None
    policy: str
    strength: Points
    band: Band
    change: Points | None = Field(
        description="Against 30 days before; null until it is computed, or when there was none."
    )
    known: float = Field(description="Weight of the bonds that rest on the customer's own events, 0 to 1.")
    bonds: list[BondOut]
    service_quality: QualityOut
    satisfaction: SatisfactionOut
    loyalty: LoyaltyOut
    stage: str = Field(examples=["active"])
    signals: list[SignalOut]
    positions: dict[str, int] = Field(description="Per channel, the last position that is in this assessment.")
    revision: int


class EventOut(View):
    """An event behind a line, and its part of the line's points."""

    event: str = Field(examples=["interaction:8124"], description="`{log}:{position}`, the CloudEvents id.")
    type: str
    occurred_at: datetime
    points: Points


class LineOut(View):
    """One line of an explanation. Its events' points and `rest` add up to its points."""

    kind: str
    points: Points
    entity: str | None = Field(description="The account, promise, complaint, or `element:source` of ratings.")
    day: date | None
    prior: bool = Field(description="Whether it rests on an assumption, not on an event.")
    events: list[EventOut]
    rest: Points


class ExplainedBondOut(View):
    """One bond; its lines' points add up to its points."""

    name: str
    points: Points
    lines: list[LineOut]


class ExplanationOut(View):
    """Why the strength is what it is: the bonds' points add up to it exactly, in decimal arithmetic."""

    customer_id: str
    as_of: date
    known_at: datetime | None
    policy: str
    strength: Points
    bonds: list[ExplainedBondOut]


def explanation(
    assessment: Assessment, bonds: Sequence[ExplainedBond], known_at: datetime | None = None
) -> ExplanationOut:
    """The answer for an explained assessment."""
    return ExplanationOut(
        customer_id=assessment.customer,
        as_of=date_of(assessment.day),
        known_at=known_at,
        policy=assessment.policy,
        strength=assessment.strength / POINT,
        bonds=[
            ExplainedBondOut(name=bond.name, points=bond.points / POINT, lines=[_line(line) for line in bond.lines])
            for bond in bonds
        ],
    )


def relationship(
    assessment: Assessment,
    *,
    members: list[str],
    before: int | None,
    positions: dict[str, int],
    revision: int,
    known_at: datetime | None = None,
) -> RelationshipOut:
    """The answer for an assessment; `before` is the strength of 30 days ago, in 1/10,000 of a point."""
    profile = assessment.profile
    return RelationshipOut(
        customer_id=assessment.customer,
        members=members,
        kind=profile.kind,
        tier=profile.tier or None,
        institution_id=profile.institution,
        relationship_manager=profile.managers.get("relationship_manager"),
        as_of=date_of(assessment.day),
        known_at=known_at,
        policy=assessment.policy,
        strength=assessment.strength / POINT,
        band=assessment.band,
        change=None if before is None else (assessment.strength - before) / POINT,
        known=round(assessment.known, 4),
        bonds=[_bond(bond) for bond in assessment.bonds],
        service_quality=_quality(assessment.quality),
        satisfaction=SatisfactionOut(
            score=_points(assessment.satisfaction.score),
            presumed=assessment.satisfaction.presumed,
            episodes=[_episode(episode) for episode in assessment.satisfaction.episodes],
        ),
        loyalty=_loyalty(assessment.loyalty),
        stage=assessment.stage,
        signals=[
            SignalOut(name=signal.name, evidence=dict(signal.evidence), clears=signal.clears)
            for signal in assessment.signals
        ],
        positions=positions,
        revision=revision,
    )


def _quality(quality: Quality) -> QualityOut:
    return QualityOut(
        score=_points(quality.score),
        technical=_points(quality.technical),
        functional=_points(quality.functional),
        elements={name: _points(score) for name, score in quality.elements.items()},
        weight=_points(quality.weight),
        presumed=quality.presumed,
    )


def _loyalty(loyalty: Loyalty) -> LoyaltyOut:
    return LoyaltyOut(
        kind=loyalty.kind,
        index=loyalty.index / POINT,
        attitude=_points(loyalty.attitude),
        patronage=_points(loyalty.patronage),
        presumed=loyalty.presumed,
    )


def _bond(bond: BondAssessment) -> BondOut:
    return BondOut(
        name=bond.name, weight=bond.weight, value=_points(bond.value), points=bond.points / POINT, known=bond.known
    )


def _line(explained: ExplainedLine) -> LineOut:
    line = explained.line
    return LineOut(
        kind=line.kind,
        points=line.points / POINT,
        entity=line.entity or None,
        day=None if line.day is None else date_of(line.day),
        prior=line.prior,
        events=[
            EventOut(event=share.event, type=share.type, occurred_at=share.occurred_at, points=share.points / POINT)
            for share in explained.events
        ],
        rest=explained.rest / POINT,
    )


def _episode(episode: Episode) -> EpisodeOut:
    return EpisodeOut(
        complaint_id=episode.complaint or None,
        outcome=episode.outcome,
        severity=episode.severity,
        since=None if episode.since is None else date_of(episode.since),
        factor=_points(episode.factor),
    )


def _points(number: float) -> float:
    return round(number, 4)
