"""Complaint episodes: what is left of satisfaction after a complaint, and how it comes back.

The shares are TARP's: of the customers with such a problem, so many buy again after such an answer. The loss fades
with a half-life by severity. Recovery never lifts satisfaction above where it was: the meta-analysis of the recovery
paradox finds no effect on repurchase.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from services.scoring.decay import faded
from services.scoring.evidence import Fact
from services.scoring.policy import Policy
from services.scoring.reading import Reading

Outcome = Literal["silent", "unresolved", "resolved", "quick"]
ACCEPTED = frozenset({"upheld", "partly_upheld"})
REOPENING = frozenset({"not_satisfied", "reopened"})
FORGOTTEN = 1e-12
MINOR, MAJOR = 0, 1

_read = msgspec.msgpack.decode


class Episode(msgspec.Struct, frozen=True):
    """One complaint, or one silence (`complaint` empty), `opened` on the day it was received or rated.

    `since`: the day its present outcome began; None while it is open.

    `share` is p; `factor` is what the episode multiplies satisfaction by today.
    """

    complaint: str
    opened: int
    outcome: Outcome
    severity: str
    since: int | None
    share: float
    factor: float


class _Case:
    """A complaint's steps, replayed in the order of its stream."""

    def __init__(self, received: int, quick_days: int) -> None:
        self._received = received
        self._quick_days = quick_days
        self._reopened = False
        self.outcome: Outcome = "unresolved"
        self.since: int | None = None
        self.withdrawn = False

    def take(self, day: int, step: str) -> None:
        if step in ACCEPTED:
            self._accept(day)
        elif step == "not_upheld":
            self._refuse(day)
        elif step == "satisfied" and self.outcome == "unresolved":
            self.outcome, self.since = "resolved", day
        elif step in REOPENING:
            self._reopened, self.withdrawn = True, False
            self.outcome, self.since = "unresolved", None
        elif step == "referred":
            self.outcome, self.since = "unresolved", None
        elif step == "withdrawn":
            self.withdrawn = True
        elif step == "closed" and self.since is None:
            self.since = day

    def _accept(self, day: int) -> None:
        if self.outcome != "unresolved":
            return  # the row began with the first answer that held
        in_time = day - self._received <= self._quick_days and not self._reopened
        self.outcome, self.since = "quick" if in_time else "resolved", day

    def _refuse(self, day: int) -> None:
        if self.outcome != "unresolved" or self.since is None:
            self.outcome, self.since = "unresolved", day


def episodes(reading: Reading) -> list[Episode]:
    """The episodes that still count today, complaints in the order of their ids, then the silence."""
    found = [_complaint(entity, fields, reading) for entity, fields in reading.complaints]
    found.append(_silence(reading))
    return [episode for episode in found if episode is not None and 1 - episode.factor >= FORGOTTEN]


def _complaint(entity: str, fields: Mapping[str, Fact], reading: Reading) -> Episode | None:
    policy = reading.policy
    received, perceived, loss = _read(fields["received"][1])
    case = _Case(received, policy.recovery.quick_days)
    steps = sorted((version, encoded) for name, (version, encoded) in fields.items() if name.startswith("step:"))
    for _, encoded in steps:
        day, step = _read(encoded)
        case.take(day, step)
    if case.withdrawn or received > reading.day:
        return None
    assessed = _read(fields["assessed"][1]) if "assessed" in fields else None
    severity = assessed or perceived or _by_loss(loss, policy)
    share = _row(policy, case.outcome)[MINOR if severity == "minor" else MAJOR]
    age = 0 if case.since is None else max(0, reading.day - case.since)
    return Episode(entity, received, case.outcome, severity, case.since, share, _factor(share, policy, severity, age))


def _by_loss(loss: tuple[int, str] | None, policy: Policy) -> str:
    lost = 0.0 if loss is None else policy.units(loss[0], loss[1])
    return "major" if lost >= policy.recovery.major_loss else "minor"


def _row(policy: Policy, outcome: Outcome) -> tuple[float, float]:
    return getattr(policy.recovery, outcome)


def _factor(share: float, policy: Policy, severity: str, age: int) -> float:
    half_life: Any = getattr(policy.half_life_days, f"complaint_{severity}")
    return 1 - (1 - share) * faded(half_life, age)


def _silence(reading: Reading) -> Episode | None:
    """The latest bad rating that was followed by neither a complaint nor a good one, once the time to complain is over.

    A bad rating that is still within that time does not hide an earlier silence.
    """
    recovery = reading.policy.recovery
    wait = recovery.silent_wait_days
    good = _latest(_by_source(reading, "rating_good:"))
    complained = reading.days("complaint")
    bad = _by_source(reading, "rating_bad:")
    for day in sorted(bad, reverse=True):
        started = day + wait
        quiet = not any(day <= c <= started for c in complained)
        if started <= reading.day and good <= day and quiet:
            share = 1 - bad[day] * (1 - recovery.silent[MINOR])
            factor = _factor(share, reading.policy, "minor", reading.day - started)
            return Episode("", day, "silent", "minor", started, share, factor)
    return None


def _by_source(reading: Reading, prefix: str) -> dict[int, float]:
    """Day → the trust in the best source that said so on that day."""
    found: dict[int, float] = {}
    for kind in reading.evidence.days:
        if kind.startswith(prefix):
            trusted = reading.policy.quality.sources.get(kind.removeprefix(prefix), 0.0)
            for day in reading.days(kind):
                found[day] = max(trusted, found.get(day, 0.0))
    return found


def _latest(days: Mapping[int, float]) -> int:
    return max(days, default=-1)
