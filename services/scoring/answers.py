"""What scoring answers over HTTP. Scores are points from 0 to 100 with at most four decimals, days are local dates."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from services.scoring.assess import Assessment, BondAssessment
from services.scoring.calendar import date_of
from services.scoring.contract import Band
from services.scoring.contributions import POINT
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
    change: Points | None = Field(description="Against 30 days before; null until it has been computed.")
    known: float = Field(description="Weight of the bonds that rest on the customer's own events, 0 to 1.")
    bonds: list[BondOut]
    service_quality: QualityOut
    satisfaction: SatisfactionOut
    positions: dict[str, int] = Field(description="Per channel, the last position that is in this assessment.")
    revision: int


def relationship(
    assessment: Assessment,
    *,
    members: list[str],
    change: int | None,
    positions: dict[str, int],
    revision: int,
    known_at: datetime | None = None,
) -> RelationshipOut:
    """The answer for an assessment; `change` in 1/10,000 of a point."""
    profile = assessment.profile
    quality = assessment.quality
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
        change=None if change is None else change / POINT,
        known=round(assessment.known, 4),
        bonds=[_bond(bond) for bond in assessment.bonds],
        service_quality=QualityOut(
            score=_points(quality.score),
            technical=_points(quality.technical),
            functional=_points(quality.functional),
            elements={name: _points(score) for name, score in quality.elements.items()},
            weight=_points(quality.weight),
            presumed=quality.presumed,
        ),
        satisfaction=SatisfactionOut(
            score=_points(assessment.satisfaction.score),
            presumed=assessment.satisfaction.presumed,
            episodes=[_episode(episode) for episode in assessment.satisfaction.episodes],
        ),
        positions=positions,
        revision=revision,
    )


def _bond(bond: BondAssessment) -> BondOut:
    return BondOut(
        name=bond.name, weight=bond.weight, value=_points(bond.value), points=bond.points / POINT, known=bond.known
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
