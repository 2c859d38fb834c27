"""Evidence from the interaction service: contacts, promises, ratings and care. One contact feeds one bond."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.interaction import contract as c
from services.scoring.calendar import day_of, local_day
from services.scoring.evidence import Target
from services.scoring.refold import Refold
from shared.envelope import Envelope

PERSONAL = frozenset({"counter", "call_centre", "phone_bank", "event"})
WRITTEN = frozenset({"email", "sms", "letter"})
DIGITAL = frozenset({"online", "mobile"})
TAUGHT = frozenset({"reached", "resolved", "follow_up"})
HUNDREDTHS = 10_000
SURVEYS = {"csat": ("overall", 1, 5), "nps": ("overall", 0, 10), "ces": ("responsiveness", 1, 7)}


def kinds(e: c.InteractionRecorded) -> tuple[str, ...]:
    """The kinds of day that a contact counts as; the first rule that fits decides."""
    if e.purpose == "complaint_handling" or e.emotion == "angry":
        return ()  # the complaint or the rating speaks for itself
    if e.purpose == "cultivation" and e.outcome in TAUGHT:
        return ("learning",)
    if e.outcome == "not_reached":
        return ("unreached",) if e.direction == "out" else ()
    contact = _contact(e)
    return (*contact, "care") if contact and e.purpose == "emotional_care" else contact


def _contact(e: c.InteractionRecorded) -> tuple[str, ...]:
    if e.channel == "visit":
        return ("visit", *_two_way(e))
    if e.employee_id is not None and e.channel in PERSONAL:
        return _two_way(e)
    if e.channel in WRITTEN or (e.message and e.channel in DIGITAL):
        return (f"message_{e.direction}",)
    return ()


def _two_way(e: c.InteractionRecorded) -> tuple[str, ...]:
    return ("two_way",) if e.counterpart is None else ("two_way", f"two_way:{e.counterpart}")


def _interaction(target: Target, e: c.InteractionRecorded, at: datetime, refold: Refold, sign: int) -> None:
    own = target.on(at)
    day = local_day(at, refold.zone)
    for kind in kinds(e):
        own.count(kind, day, sign)


def _recorded(target: Target, e: c.InteractionRecorded, envelope: Envelope, refold: Refold) -> None:
    _interaction(target, e, envelope.occurred_at, refold, 1)


def _corrected(target: Target, e: c.InteractionCorrected, envelope: Envelope, refold: Refold) -> None:
    _interaction(target, e.original.data, e.original.occurred_at, refold, -1)
    _interaction(target, e.replacement.data, e.replacement.occurred_at, refold, 1)


def _voided(target: Target, e: c.InteractionVoided, envelope: Envelope, refold: Refold) -> None:
    _interaction(target, e.original.data, e.original.occurred_at, refold, -1)


def _promise_made(target: Target, e: c.PromiseMade, envelope: Envelope, refold: Refold) -> None:
    own = target.on(envelope.occurred_at)
    own.fact(e.promise_id, "made", envelope.version, (local_day(envelope.occurred_at, refold.zone), e.owner_id))
    own.fact(e.promise_id, "due", envelope.version, day_of(e.due))


def _promise_renegotiated(target: Target, e: c.PromiseRenegotiated, envelope: Envelope, refold: Refold) -> None:
    target.on(envelope.occurred_at).fact(e.promise_id, "due", envelope.version, day_of(e.due))


def _promise_settled(target: Target, e: c.PromiseKept | c.PromiseBroken, envelope: Envelope, refold: Refold) -> None:
    word = "kept" if isinstance(e, c.PromiseKept) else "broken"
    own = target.on(envelope.occurred_at)
    day = local_day(envelope.occurred_at, refold.zone)
    own.fact(e.promise_id, word, envelope.version, day)
    own.grow(f"promise_{word}", refold.trust, day, 1)


def _promise_released(target: Target, e: c.PromiseReleased, envelope: Envelope, refold: Refold) -> None:
    day = local_day(envelope.occurred_at, refold.zone)
    target.on(envelope.occurred_at).fact(e.promise_id, "released", envelope.version, day)


def rating_points(value: int, low: int, high: int, reverse: bool = False) -> int | None:
    """A rating as hundredths of a point (0 to 10,000), rounded half up; None when the scale has no length."""
    span = high - low
    if span <= 0:
        return None
    above = (high - value if reverse else value - low) * HUNDREDTHS
    return min(HUNDREDTHS, max(0, (2 * above + span) // (2 * span)))


def _rating(target: Target, envelope: Envelope, refold: Refold, *, element: str, source: str, points: int) -> None:
    own = target.on(envelope.occurred_at)
    day = local_day(envelope.occurred_at, refold.zone)
    own.count("rating", day)
    if points <= refold.silent_bad * 100:
        own.count(f"rating_bad:{source}", day)
    if points >= refold.silent_good * 100:
        own.count(f"rating_good:{source}", day)
    own.grow(f"rating_count:{element}:{source}", refold.rating, day, 1)
    own.grow(f"rating_points:{element}:{source}", refold.rating, day, points)


def _rated(target: Target, e: c.ServiceElementRated, envelope: Envelope, refold: Refold) -> None:
    points = rating_points(e.value, e.scale_min, e.scale_max, e.reversed)
    if e.customer_id is not None and points is not None:
        _rating(target, envelope, refold, element=e.element, source=e.source, points=points)


def _answered(target: Target, e: c.SurveyAnswered, envelope: Envelope, refold: Refold) -> None:
    element, low, high = SURVEYS[e.method]
    points = rating_points(e.value, low, high)
    if points is not None:
        _rating(target, envelope, refold, element=element, source="survey", points=points)


def _recognition(target: Target, e: c.RecognitionGiven, envelope: Envelope, refold: Refold) -> None:
    if e.kind == "greeting":
        target.on(envelope.occurred_at).count("care", local_day(envelope.occurred_at, refold.zone))


def _counted(kind: str) -> Callable[[Target, Any, Envelope, Refold], None]:
    def feed(target: Target, e: object, envelope: Envelope, refold: Refold) -> None:
        target.on(envelope.occurred_at).count(kind, local_day(envelope.occurred_at, refold.zone))

    return feed


FEEDS: dict[type, Callable[[Target, Any, Envelope, Refold], None]] = {
    c.InteractionRecorded: _recorded,
    c.InteractionCorrected: _corrected,
    c.InteractionVoided: _voided,
    c.PromiseMade: _promise_made,
    c.PromiseRenegotiated: _promise_renegotiated,
    c.PromiseKept: _promise_settled,
    c.PromiseBroken: _promise_settled,
    c.PromiseReleased: _promise_released,
    c.ServiceElementRated: _rated,
    c.SurveyAnswered: _answered,
    c.RecognitionGiven: _recognition,
    c.InvitationSent: _counted("message_out"),
    c.InvitationAnswered: _counted("message_in"),
    c.AttendanceRecorded: _counted("learning"),
}
