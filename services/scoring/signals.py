"""Signals: what a banker should look at today, each with its evidence and with what would clear it."""

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from services.scoring.activity import between
from services.scoring.bonds import fatigue
from services.scoring.calendar import date_of, week_of
from services.scoring.contributions import POINT
from services.scoring.holdings import Holdings
from services.scoring.loyalty import Loyalty
from services.scoring.outflow import outflow
from services.scoring.quality import Quality
from services.scoring.reading import CONTACT_OUT, INBOUND, Reading
from services.scoring.satisfaction import Satisfaction

Name = Literal[
    "silence",
    "voice_lost",
    "outflow",
    "strength_drop",
    "complaint_overdue",
    "promise_overdue",
    "maturity_near",
    "spurious_loyalty",
    "single_thread",
    "over_served",
    "key_uncovered",
    "unconfirmed_contacts",
]
YEAR = 365
QUARTER = 90
COVERED_TIERS = frozenset({"gold", "key"})


class Earlier(msgspec.Struct, frozen=True):
    """What the same policy said of earlier days, at the same knowledge; None where it is not known.

    `strength` of `signals.strength_drop_days` ago, in 1/10,000 point; `quality` of 180 days ago, 0 to 100.
    """

    strength: int | None = None
    quality: float | None = None


class Signal(msgspec.Struct, frozen=True):
    """`evidence` holds numbers, dates (ISO 8601) and ids; `clears` says what would end the signal."""

    name: Name
    evidence: Mapping[str, float | str]
    clears: str


class Situation(msgspec.Struct, frozen=True):
    """Everything that a signal may look at."""

    reading: Reading
    holdings: Holdings
    strength: int
    quality: Quality
    satisfaction: Satisfaction
    loyalty: Loyalty
    earlier: Earlier


def signals(situation: Situation) -> tuple[Signal, ...]:
    """The signals that are on, in a fixed order."""
    found = (check(situation) for check in CHECKS)
    return tuple(signal for signal in found if signal is not None)


def _silence(s: Situation) -> Signal | None:
    reading, policy = s.reading, s.reading.policy
    if not reading.active or reading.start is None:
        return None
    last = reading.active[-1]
    gap = reading.day - last
    elapsed = min(YEAR, max(0, last - reading.start) + 1)
    number = len(between(reading.active, last - elapsed + 1, last))
    prior = policy.behavioural.prior_days
    usual = policy.behavioural.usual(reading.profile.kind)
    odds = (1 + gap / (elapsed + prior)) ** -(number + prior * usual)
    if gap <= policy.signals.silence_min_days or odds >= policy.signals.silence_odds:
        return None
    evidence = {"last_active": _iso(last), "days_silent": gap, "odds_by_chance": odds, "usual_days": number}
    return Signal("silence", evidence, "a transaction by the customer")


def _voice_lost(s: Situation) -> Signal | None:
    policy = s.reading.policy.signals
    quiet_since = s.reading.day - policy.voice_quiet_days
    inbound = s.reading.days(*INBOUND)
    spoke = between(inbound, quiet_since - YEAR + 1, quiet_since)
    if len(spoke) < policy.voice_min_days or inbound[-1] > quiet_since or s.holdings.retained >= policy.voice_retained:
        return None
    evidence = {"last_heard": _iso(inbound[-1]), "days_heard_before": len(spoke), "retained": s.holdings.retained}
    return Signal("voice_lost", evidence, "a conversation, a message or a rating by the customer")


def _outflow(s: Situation) -> Signal | None:
    policy = s.reading.policy.signals
    if s.holdings.retained >= policy.outflow_retained:
        return None
    excess = outflow(s.reading, s.holdings)
    if excess >= policy.outflow_excess:
        return None
    return Signal("outflow", {"retained": s.holdings.retained, "excess": excess}, "money coming back")


def _strength_drop(s: Situation) -> Signal | None:
    policy = s.reading.policy.signals
    if s.earlier.strength is None or s.earlier.strength - s.strength < policy.strength_drop * POINT:
        return None
    evidence = {"before": s.earlier.strength / POINT, "now": s.strength / POINT, "days": policy.strength_drop_days}
    return Signal("strength_drop", evidence, "a strength that holds for a month")


def _complaint_overdue(s: Situation) -> Signal | None:
    """Unanswered beyond the days after which an answer is no longer quick."""
    policy = s.reading.policy
    allowed = policy.recovery.quick_days + policy.signals.overdue_grace_days
    late = [
        e for e in s.satisfaction.episodes if e.complaint and e.since is None and s.reading.day - e.opened > allowed
    ]
    if not late:
        return None
    oldest = min(late, key=lambda e: (e.opened, e.complaint))
    evidence = {"complaint": oldest.complaint, "open_since": _iso(oldest.opened), "complaints": len(late)}
    return Signal("complaint_overdue", evidence, "an answer that the customer accepts")


def _promise_overdue(s: Situation) -> Signal | None:
    """Still owed: neither kept nor released. After a year a broken promise is history; trust remembers it."""
    policy, today = s.reading.policy, s.reading.day
    late = [
        (p.due, p.id)
        for p in s.reading.promises
        if p.due is not None and p.kept is None and p.released is None
        if policy.signals.overdue_grace_days < today - p.due <= policy.half_life_days.trust
    ]
    if not late:
        return None
    due, promise = min(late)
    evidence = {"promise": promise, "due": _iso(due), "promises": len(late)}
    return Signal("promise_overdue", evidence, "keeping the promise, or the customer letting it go")


def _maturity_near(s: Situation) -> Signal | None:
    today = s.reading.day
    last = today + s.reading.policy.signals.maturity_near_days
    near = [
        (a.maturity, a.id) for a in s.reading.open_accounts if a.maturity is not None and today <= a.maturity <= last
    ]
    if not near:
        return None
    maturity, account = min(near)
    evidence = {"account": account, "matures": _iso(maturity), "accounts": len(near)}
    return Signal("maturity_near", evidence, "renewal or redemption of the account")


def _spurious_loyalty(s: Situation) -> Signal | None:
    if s.loyalty.kind != "spurious" or s.loyalty.presumed:
        return None
    evidence = {"attitude": s.loyalty.attitude, "patronage": s.loyalty.patronage}
    return Signal("spurious_loyalty", evidence, "a better experience, as ratings and complaints tell it")


def _single_thread(s: Situation) -> Signal | None:
    reading = s.reading
    if reading.profile.kind == "personal":
        return None
    kinds = sorted(kind for kind in reading.evidence.days if kind.startswith("two_way:"))
    met = {
        kind.partition(":")[2]: len(between(reading.days(kind), reading.day - YEAR + 1, reading.day)) for kind in kinds
    }
    named = {who: number for who, number in met.items() if number}
    if len(named) != 1 or sum(named.values()) < reading.policy.signals.single_thread_min_contacts:
        return None
    ((who, number),) = named.items()
    return Signal("single_thread", {"counterpart": who, "contacts": number}, "a contact with a second person")


def _over_served(s: Situation) -> Signal | None:
    reading, policy = s.reading, s.reading.policy
    cadence = policy.cadence_days.of(reading.profile.tier or "ordinary")
    contacts = len(between(reading.days(*CONTACT_OUT), reading.day - QUARTER + 1, reading.day))
    tired = fatigue(reading)
    many = contacts >= policy.signals.over_served_factor * max(1, QUARTER / cadence)
    gained = s.earlier.quality is not None and s.quality.score - s.earlier.quality >= policy.signals.over_served_gain
    if tired <= 0 and (not many or gained):
        return None
    evidence = {"contacts": contacts, "unanswered_beyond_free": tired}
    return Signal("over_served", evidence, "fewer contacts, or ratings that rise with them")


def _key_uncovered(s: Situation) -> Signal | None:
    reading, policy = s.reading, s.reading.policy
    if reading.profile.tier not in COVERED_TIERS or reading.start is None:
        return None
    met = reading.days("two_way")
    last = met[-1] if met else reading.start
    allowed = policy.cadence_days.of(reading.profile.tier) + policy.signals.uncovered_grace_days
    if reading.day - last <= allowed:
        return None
    evidence = {"last_contact": _iso(last) if met else "", "days": reading.day - last, "cadence": allowed}
    return Signal("key_uncovered", evidence, "a conversation with the customer")


def _unconfirmed_contacts(s: Situation) -> Signal | None:
    reading, policy = s.reading, s.reading.policy.signals
    first = reading.day - policy.unconfirmed_days + 1
    weeks = {week_of(day) for day in between(reading.days("two_way"), first, reading.day)}
    own = between(reading.days("active", "message_in", "rating"), first, reading.day)
    if len(weeks) < policy.unconfirmed_weeks or own:
        return None
    return Signal("unconfirmed_contacts", {"weeks": len(weeks)}, "a sign of life by the customer")


def _iso(day: int) -> str:
    return date_of(day).isoformat()


CHECKS: tuple[Callable[[Situation], Signal | None], ...] = (
    _silence,
    _voice_lost,
    _outflow,
    _strength_drop,
    _complaint_overdue,
    _promise_overdue,
    _maturity_near,
    _spurious_loyalty,
    _single_thread,
    _over_served,
    _key_uncovered,
    _unconfirmed_contacts,
)
