"""The interaction service's published language: contacts, promises and ratings."""

from datetime import date, datetime
from typing import Any, Literal

import msgspec

from shared.envelope import Reference, Sealed

Channel = Literal[
    "counter", "call_centre", "phone_bank", "online", "mobile", "atm", "visit", "email", "sms", "letter", "event"
]
Direction = Literal["in", "out"]
Purpose = Literal["service", "sales", "emotional_care", "cultivation", "retention", "complaint_handling"]
Outcome = Literal["reached", "not_reached", "resolved", "follow_up", "declined"]
Emotion = Literal["pleased", "calm", "anxious", "sad", "angry"]
Element = Literal["reliability", "responsiveness", "assurance", "empathy", "tangibles", "overall"]
RatingSource = Literal["device", "survey", "inspection", "mystery_visit"]
SurveyMethod = Literal["csat", "nps", "ces"]
RecognitionKind = Literal["greeting", "gift", "reward", "ticket", "vip_meeting"]


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of every event: immutable, and silent about fields that hold their default."""


# Interactions: keyed by the customer.


class InteractionRecorded(Event, frozen=True):
    """One contact. `employee_id` is set where a person of the bank took part; `message` marks a written one."""

    interaction_id: str
    customer_id: str
    institution_id: str
    channel: Channel
    direction: Direction
    purpose: Purpose
    outcome: Outcome
    message: bool = False
    topic: str = ""
    counterpart: str | None = None
    emotion: Emotion | None = None
    employee_id: str | None = None
    duration_seconds: int | None = None
    wait_seconds: int | None = None
    transfers: int = 0
    first_contact_resolution: bool | None = None
    task_id: str | None = None
    campaign_id: str | None = None
    notes: Sealed | None = None
    reference: Reference | None = None


class OriginalInteraction(msgspec.Struct, frozen=True):
    """The record that a correction or a void takes back, without sealed fields."""

    occurred_at: datetime
    data: InteractionRecorded
    type: str = "interaction.recorded"
    schema: int = 1


class InteractionCorrected(Event, frozen=True):
    """A retracting event: `original` was wrong, `replacement` is what happened, at its own `occurred_at`."""

    interaction_id: str
    customer_id: str
    reason: str
    original: OriginalInteraction
    replacement: OriginalInteraction


class InteractionVoided(Event, frozen=True):
    """A retracting event: the contact as last corrected did not happen."""

    interaction_id: str
    customer_id: str
    reason: str
    original: OriginalInteraction


# Promises: keyed by the customer. Due means the end of that local day.


class PromiseMade(Event, frozen=True):
    promise_id: str
    customer_id: str
    institution_id: str
    owner_id: str
    due: date
    subject: str = ""
    text: Sealed | None = None
    reference: Reference | None = None


class PromiseRenegotiated(Event, frozen=True):
    promise_id: str
    customer_id: str
    due: date
    previous_due: date


class PromiseKept(Event, frozen=True):
    """`late` when it was kept after it had been broken."""

    promise_id: str
    customer_id: str
    late: bool = False


class PromiseBroken(Event, frozen=True):
    """`derivation` is the sweep's reasoning in words; the event happens at the end of the due day."""

    promise_id: str
    customer_id: str
    due: date
    derivation: tuple[str, ...] = ()


class PromiseReleased(Event, frozen=True):
    """The customer let it go: it counts nothing."""

    promise_id: str
    customer_id: str


# Ratings: keyed by the customer, or by the rating where nobody is named.


class ServiceElementRated(Event, frozen=True):
    """`value` on a scale from `scale_min` to `scale_max`; `reversed` when low is good."""

    rating_id: str
    element: Element
    value: int
    scale_min: int
    scale_max: int
    source: RatingSource
    institution_id: str
    customer_id: str | None = None
    reversed: bool = False
    employee_id: str | None = None
    interaction_id: str | None = None
    reference: Reference | None = None


class SurveyAnswered(Event, frozen=True):
    """CSAT 1 to 5, NPS 0 to 10, CES 1 to 7 where 7 is easy."""

    survey_id: str
    customer_id: str
    method: SurveyMethod
    value: int
    institution_id: str


class RecognitionGiven(Event, frozen=True):
    recognition_id: str
    customer_id: str
    kind: RecognitionKind


class InvitationSent(Event, frozen=True):
    campaign_id: str
    customer_id: str


class InvitationAnswered(Event, frozen=True):
    campaign_id: str
    customer_id: str
    accepted: bool


class AttendanceRecorded(Event, frozen=True):
    campaign_id: str
    customer_id: str


LOG = "interaction"
EVENTS: tuple[tuple[str, int, type, str], ...] = (
    ("interaction.recorded", 1, InteractionRecorded, "interaction"),
    ("interaction.corrected", 1, InteractionCorrected, "interaction"),
    ("interaction.voided", 1, InteractionVoided, "interaction"),
    ("promise.made", 1, PromiseMade, "interaction"),
    ("promise.renegotiated", 1, PromiseRenegotiated, "interaction"),
    ("promise.kept", 1, PromiseKept, "interaction"),
    ("promise.broken", 1, PromiseBroken, "interaction"),
    ("promise.released", 1, PromiseReleased, "interaction"),
    ("service-element.rated", 1, ServiceElementRated, "interaction"),
    ("survey.answered", 1, SurveyAnswered, "interaction"),
    ("recognition.given", 1, RecognitionGiven, "interaction"),
    ("invitation.sent", 1, InvitationSent, "interaction"),
    ("invitation.answered", 1, InvitationAnswered, "interaction"),
    ("attendance.recorded", 1, AttendanceRecorded, "interaction"),
)
UPCASTERS: dict[tuple[str, int], Any] = {}
