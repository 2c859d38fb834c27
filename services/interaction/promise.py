"""A promise to a customer: made, renegotiated at most twice, then kept, broken by the clock, or released.

Due means the end of that local day.
"""

from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from services.interaction.contract import (
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PromiseReleased,
    PromiseRenegotiated,
)
from shared.decider import Decider, Rejected
from shared.routes import Dated
from shared.times import last_moment, local_day
from shared.unsealed import same, unsealed

RENEGOTIATIONS = 2
Status = Literal["open", "kept", "broken", "released"]


class Promise(msgspec.Struct, frozen=True):
    """`made` as it came first, without its text, None before; `due` as last agreed."""

    made: PromiseMade | None = None
    due: date = date.min
    status: Status = "open"
    renegotiations: int = 0


class RenegotiatePromise(msgspec.Struct, frozen=True):
    """`agreed` tells that the customer agrees to the other day."""

    due: date
    agreed: bool


def make(promise: Promise, command: PromiseMade, at: datetime, zone: ZoneInfo) -> list[Any]:
    """Giving the same promise again says nothing new."""
    if promise.made is not None:
        if same(promise.made, command):
            return []
        raise Rejected("already_made", "The promise was made differently.", kind="conflict")
    _check_due(command.due, at, zone)
    return [command]


def renegotiate(promise: Promise, command: RenegotiatePromise, at: datetime, zone: ZoneInfo) -> list[Any]:
    """Only before it is due, with the customer's agreement, and at most twice."""
    made = _open(promise)
    if command.due == promise.due:
        return []
    _check_not_over(promise, at, zone)
    if not command.agreed:
        raise Rejected("agreement_required", "The customer must agree to another day.", "/agreed")
    if promise.renegotiations >= RENEGOTIATIONS:
        raise Rejected("renegotiated_too_often", "A promise is renegotiated at most twice.", kind="conflict")
    _check_due(command.due, at, zone)
    return [PromiseRenegotiated(made.promise_id, made.customer_id, command.due, promise.due)]


def keep(promise: Promise, at: datetime, zone: ZoneInfo) -> list[Any]:
    """Kept after its day, it counts once as broken and once as kept, whether or not the sweep has come by."""
    made = _made(promise)
    if promise.status == "kept":
        return []
    if promise.status == "released":
        raise Rejected("promise_settled", "The promise has been released.", kind="conflict")
    broken = break_overdue(promise, at, zone)
    late = bool(broken) or promise.status == "broken"
    return [*broken, PromiseKept(made.promise_id, made.customer_id, late)]


def release(promise: Promise, at: datetime, zone: ZoneInfo) -> list[Any]:
    """The customer lets it go while it may still be kept in time."""
    made = _made(promise)
    if promise.status == "released":
        return []
    _open(promise)
    _check_not_over(promise, at, zone)
    return [PromiseReleased(made.promise_id, made.customer_id)]


def break_overdue(promise: Promise, now: datetime, zone: ZoneInfo) -> list[Any]:
    """Broken at the end of the due day; nothing before that, nor when it is settled."""
    made = _made(promise)
    over = last_moment(promise.due, zone)
    if promise.status != "open" or now <= over:
        return []
    broken = PromiseBroken(made.promise_id, made.customer_id, promise.due, _derivation(promise, over, zone))
    return [Dated(broken, over)]


def evolve(promise: Promise, event: Any) -> Promise:
    match event:
        case PromiseMade():
            return Promise(unsealed(event), event.due)
        case PromiseRenegotiated():
            return msgspec.structs.replace(promise, due=event.due, renegotiations=promise.renegotiations + 1)
        case PromiseKept():
            return msgspec.structs.replace(promise, status="kept")
        case PromiseBroken():
            return msgspec.structs.replace(promise, status="broken")
        case PromiseReleased():
            return msgspec.structs.replace(promise, status="released")
        case _:
            return promise


def owner(promise: Promise) -> str | None:
    """The institution whom the access rules ask about."""
    return promise.made.institution_id if promise.made else None


def _made(promise: Promise) -> PromiseMade:
    if promise.made is None:
        raise Rejected("not_found", "No such resource.", kind="not_found")
    return promise.made


def _open(promise: Promise) -> PromiseMade:
    made = _made(promise)
    if promise.status != "open":
        raise Rejected("promise_settled", "The promise has been kept, broken or released.", kind="conflict")
    return made


def _check_due(due: date, at: datetime, zone: ZoneInfo) -> None:
    if due < local_day(at, zone):
        raise Rejected("due_in_past", "The due day lies before the day of the promise.", "/due")


def _check_not_over(promise: Promise, at: datetime, zone: ZoneInfo) -> None:
    if at > last_moment(promise.due, zone):
        raise Rejected("promise_overdue", "The due day is over.", kind="conflict")


def _derivation(promise: Promise, over: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    return (
        f"due {promise.due.isoformat()} after {promise.renegotiations} renegotiations",
        f"that day ends at {over.isoformat()} ({zone.key})",
        "neither kept nor released by then",
    )


decider = Decider(Promise(), evolve)
