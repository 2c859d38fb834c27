"""What was to be said of earlier days, by the same policy and the same knowledge, for the signals that compare."""

from collections.abc import Sequence
from datetime import datetime

from services.scoring.as_of import evidence_as_of
from services.scoring.assess import assess
from services.scoring.calendar import last_instant
from services.scoring.evidence import Evidence
from services.scoring.policy import Policy
from services.scoring.quality import quality
from services.scoring.reading import Reading
from services.scoring.refold import Refold
from services.scoring.signals import Earlier
from shared.envelope import Envelope

HALF_YEAR = 180


def earlier(
    timeline: Sequence[Envelope],
    policy: Policy,
    refold: Refold,
    day: int,
    customer: str,
    known_at: datetime | None = None,
) -> Earlier:
    """The strength of a month ago and the service quality of half a year ago, None before the customer was known."""
    month = day - policy.signals.strength_drop_days
    half_year = day - HALF_YEAR

    def evidence(on: int) -> Evidence:
        return evidence_as_of(timeline, refold, last_instant(on, refold.zone), known_at)

    return compared(evidence(month), evidence(half_year), policy, day, customer)


def compared(a_month_ago: Evidence, half_a_year_ago: Evidence, policy: Policy, day: int, customer: str) -> Earlier:
    """The same from evidence cuts that the caller keeps: of the end of the day, 30 and 180 days before `day`."""
    strength = score = None
    if _known(a_month_ago, customer):
        strength = assess(a_month_ago, policy, day - policy.signals.strength_drop_days, customer).strength
    if _known(half_a_year_ago, customer):
        found, _ = quality(Reading(half_a_year_ago, policy, day - HALF_YEAR, customer))
        score = found.score
    return Earlier(strength, score)


def _known(evidence: Evidence, customer: str) -> bool:
    return "kind" in evidence.facts.get(customer, {})
