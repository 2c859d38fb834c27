"""On which stream an event is written, and which one key it concerns."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from services.interaction import contract as c
from shared import routes
from shared.decider import Fact
from shared.routes import Route

_INTERACTION = Route("interaction", "interaction_id")
_PROMISE = Route("promise", "promise_id")

ROUTES: dict[type[Any], Route] = {
    c.InteractionRecorded: _INTERACTION,
    c.InteractionCorrected: _INTERACTION,
    c.InteractionVoided: _INTERACTION,
    c.PromiseMade: _PROMISE,
    c.PromiseRenegotiated: _PROMISE,
    c.PromiseKept: _PROMISE,
    c.PromiseBroken: _PROMISE,
    c.PromiseReleased: _PROMISE,
    c.ServiceElementRated: Route("rating", "rating_id", ("customer_id", "rating_id")),
    c.SurveyAnswered: Route("survey", "survey_id"),
    c.RecognitionGiven: Route("recognition", "recognition_id"),
}


def facts(events: Iterable[Any], occurred_at: datetime) -> list[Fact]:
    """The events of one decision as facts."""
    return routes.facts(ROUTES, events, occurred_at)
