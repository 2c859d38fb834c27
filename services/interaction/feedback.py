"""What is said once and stays: ratings, survey answers, recognitions."""

from typing import Any, TypeAlias

import msgspec

from services.interaction.contract import (
    RatingSource,
    RecognitionGiven,
    ServiceElementRated,
    SurveyAnswered,
    SurveyMethod,
)
from shared.decider import Decider, Rejected

Said: TypeAlias = ServiceElementRated | SurveyAnswered | RecognitionGiven
Scale: TypeAlias = tuple[int, int]

RATING_SCALES: dict[RatingSource, frozenset[Scale]] = {
    "device": frozenset({(1, 5)}),
    "survey": frozenset({(1, 5), (1, 7), (0, 10)}),
    "inspection": frozenset({(1, 5), (0, 10), (0, 100)}),
    "mystery_visit": frozenset({(1, 5), (0, 10), (0, 100)}),
}
SURVEY_SCALES: dict[SurveyMethod, Scale] = {"csat": (1, 5), "nps": (0, 10), "ces": (1, 7)}


class Feedback(msgspec.Struct, frozen=True):
    """What is on record, None before."""

    said: Said | None = None


def say(feedback: Feedback, said: Said) -> list[Any]:
    """Saying the same again says nothing new."""
    if feedback.said is not None:
        if feedback.said == said:
            return []
        raise Rejected("already_recorded", "Something else is recorded here.", kind="conflict")
    if isinstance(said, ServiceElementRated):
        _check_rating(said)
    if isinstance(said, SurveyAnswered):
        _check_value(said.value, SURVEY_SCALES[said.method])
    return [said]


def evolve(feedback: Feedback, event: Any) -> Feedback:
    match event:
        case ServiceElementRated() | SurveyAnswered() | RecognitionGiven():
            return Feedback(event)
        case _:
            return feedback


def owner(feedback: Feedback) -> str | None:
    """The institution whom the access rules ask about; a recognition is its customer's alone."""
    return getattr(feedback.said, "institution_id", None)


def _check_rating(rating: ServiceElementRated) -> None:
    scale = (rating.scale_min, rating.scale_max)
    if scale not in RATING_SCALES[rating.source]:
        raise Rejected("invalid_scale", "This source does not rate on such a scale.", "/scale_max")
    _check_value(rating.value, scale)
    # Their subject is the institution; counted for a customer they would speak in that customer's name.
    if rating.source in ("inspection", "mystery_visit") and rating.customer_id is not None:
        raise Rejected("customer_not_allowed", "An inspection or a mystery visit has no customer.", "/customer_id")


def _check_value(value: int, scale: Scale) -> None:
    low, high = scale
    if not low <= value <= high:
        raise Rejected("value_off_scale", "The value lies outside its scale.", "/value")


decider = Decider(Feedback(), evolve)
