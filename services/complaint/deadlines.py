"""The clocks of a complaint: nothing mutable is stored, every date is derived from what happened, in words.

`deadlines(steps, preset, zone, as_of)` is pure. Day 1 is the day after receipt; a day count is due at the end of its
local day, without rolling to a business day; hours are elapsed hours.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from shared.times import last_moment, local_day

State = Literal["running", "met", "overdue", "paused"]


class Step(msgspec.Struct, frozen=True):
    """An event of the complaint by its type, for example `complaint.received`, and when it happened."""

    type: str
    occurred_at: datetime


class Clock(msgspec.Struct, frozen=True):
    """Runs `hours` elapsed hours or `days` calendar days from the latest of `starts` until the first of `stops`."""

    name: str
    starts: tuple[str, ...]
    stops: tuple[str, ...]
    hours: int = 0
    days: int = 0


class Preset(msgspec.Struct, frozen=True):
    """The clocks of one rule book: which version, where it is written, from which day it holds."""

    name: str
    version: str
    source: str
    effective: date
    clocks: tuple[Clock, ...]


class Deadline(msgspec.Struct, frozen=True):
    """When a clock is due and how it stands; `derivation` says why, step by step."""

    clock: str
    due_at: datetime
    state: State
    derivation: tuple[str, ...]


_HANDLED = ("complaint.decided", "complaint.communicated", "complaint.confirmed", "complaint.closed")
_SEEN = ("complaint.acknowledged", "complaint.assessed", "complaint.investigation-noted", *_HANDLED)
_ENDED = "complaint.withdrawn"

INTERNAL_24H = Preset(
    name="internal-24h",
    version="1",
    source="the bank's own service promise: answered within 24 hours",
    effective=date(1900, 1, 1),
    clocks=(
        Clock("acknowledgement", ("complaint.received",), _SEEN, hours=24),
        Clock("handling", ("complaint.received", "complaint.reopened"), _HANDLED, days=5),
    ),
)
PRESETS: dict[str, Preset] = {INTERNAL_24H.name: INTERNAL_24H}


def deadlines(steps: Sequence[Step], preset: Preset, zone: ZoneInfo, as_of: datetime) -> list[Deadline]:
    """One deadline for each clock that has started by `as_of`; later steps are not known yet."""
    known = sorted((step for step in steps if step.occurred_at <= as_of), key=lambda step: step.occurred_at)
    found = (_deadline(clock, known, zone, as_of) for clock in preset.clocks)
    return [deadline for deadline in found if deadline]


def _deadline(clock: Clock, known: Sequence[Step], zone: ZoneInfo, as_of: datetime) -> Deadline | None:
    started = [index for index, step in enumerate(known) if step.type in clock.starts]
    if not started:
        return None
    start = known[started[-1]]
    stop = next((step for step in known[started[-1] + 1 :] if step.type in (*clock.stops, _ENDED)), None)
    due_at, counted = _due(clock, start, zone)
    state, outcome = _state(due_at, stop, as_of)
    return Deadline(clock.name, due_at, state, (_said(start), counted, outcome))


def _due(clock: Clock, start: Step, zone: ZoneInfo) -> tuple[datetime, str]:
    if clock.hours:
        due_at = start.occurred_at + timedelta(hours=clock.hours)
        return due_at, f"{clock.hours} elapsed hours later: {due_at.isoformat()}"
    first = local_day(start.occurred_at, zone)
    last = first + timedelta(days=clock.days)
    counted = (
        f"{clock.days} calendar days, day 1 = {(first + timedelta(days=1)).isoformat()}: "
        f"end of {last.isoformat()} ({zone.key})"
    )
    return last_moment(last, zone), counted


def _state(due_at: datetime, stop: Step | None, as_of: datetime) -> tuple[State, str]:
    if stop is None:
        return ("running" if as_of <= due_at else "overdue"), f"open as of {as_of.isoformat()}"
    in_time = stop.occurred_at <= due_at
    return ("met" if in_time else "overdue"), f"{_said(stop)}, {'in time' if in_time else 'late'}"


def _said(step: Step) -> str:
    return f"{step.type.removeprefix('complaint.')} at {step.occurred_at.isoformat()}"
