"""A promise: made, renegotiated, kept in time or late, broken by the clock, released."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from services.interaction import promise
from services.interaction.contract import (
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PromiseReleased,
    PromiseRenegotiated,
)
from services.interaction.promise import RenegotiatePromise, decider
from shared.envelope import Sealed
from shared.routes import Dated
from support.spec import MOMENT, given

ZONE = ZoneInfo("Asia/Shanghai")
DUE = date(2026, 3, 10)
OVER = datetime(2026, 3, 10, 15, 59, 59, 999999, tzinfo=UTC)
"""The last moment of 10 March in Shanghai."""
AFTER = OVER + timedelta(microseconds=1)
MADE = PromiseMade("prm_1", "cus_1", "ins_1", "emp_1", DUE, "call back")
BROKEN = PromiseBroken(
    "prm_1",
    "cus_1",
    DUE,
    (
        "due 2026-03-10 after 0 renegotiations",
        "that day ends at 2026-03-10T15:59:59.999999+00:00 (Asia/Shanghai)",
        "neither kept nor released by then",
    ),
)
KEPT = PromiseKept("prm_1", "cus_1")
LATE = PromiseKept("prm_1", "cus_1", late=True)
RELEASED = PromiseReleased("prm_1", "cus_1")


def renegotiated(due: date, previous: date) -> PromiseRenegotiated:
    return PromiseRenegotiated("prm_1", "cus_1", due, previous)


TWICE = [MADE, renegotiated(date(2026, 3, 11), DUE), renegotiated(date(2026, 3, 12), date(2026, 3, 11))]


def asked(events: list[Any], decide: Any, *arguments: Any) -> Any:
    return given(decider, events).when(decide, *arguments, ZONE)


class TestMake:
    def test_happened(self) -> None:
        asked([], promise.make, MADE, MOMENT).then([MADE])

    def test_happened_for_the_same_day(self) -> None:
        asked([], promise.make, MADE, OVER).then([MADE])

    def test_ignored(self) -> None:
        sealed = msgspec.structs.replace(MADE, text=Sealed("cus_1", "text", "box"))
        asked([sealed], promise.make, msgspec.structs.replace(MADE, text=None), MOMENT).then_nothing()

    def test_rejected(self) -> None:
        asked([], promise.make, MADE, AFTER).then_rejected("due_in_past", pointer="/due")

    def test_conflict(self) -> None:
        other = msgspec.structs.replace(MADE, subject="send the contract")
        asked([MADE], promise.make, other, MOMENT).then_rejected("already_made", kind="conflict")


class TestRenegotiate:
    LATER = RenegotiatePromise(date(2026, 3, 20), agreed=True)

    def test_happened_until_the_last_moment(self) -> None:
        asked([MADE], promise.renegotiate, self.LATER, OVER).then([renegotiated(date(2026, 3, 20), DUE)])

    def test_ignored(self) -> None:
        asked([MADE], promise.renegotiate, RenegotiatePromise(DUE, agreed=True), MOMENT).then_nothing()

    def test_rejected(self) -> None:
        alone = RenegotiatePromise(date(2026, 3, 20), agreed=False)
        asked([MADE], promise.renegotiate, alone, MOMENT).then_rejected("agreement_required", pointer="/agreed")
        back = RenegotiatePromise(date(2026, 3, 1), agreed=True)
        asked([MADE], promise.renegotiate, back, MOMENT).then_rejected("due_in_past", pointer="/due")
        asked([], promise.renegotiate, self.LATER, MOMENT).then_rejected("not_found", kind="not_found")

    def test_conflict(self) -> None:
        asked([MADE], promise.renegotiate, self.LATER, AFTER).then_rejected("promise_overdue", kind="conflict")
        asked(TWICE, promise.renegotiate, self.LATER, MOMENT).then_rejected("renegotiated_too_often", kind="conflict")
        asked([MADE, KEPT], promise.renegotiate, self.LATER, MOMENT).then_rejected("promise_settled", kind="conflict")


class TestKeep:
    def test_happened_in_time(self) -> None:
        asked([MADE], promise.keep, OVER).then([KEPT])

    def test_happened_late_after_the_sweep(self) -> None:
        asked([MADE, BROKEN], promise.keep, AFTER).then([LATE])

    def test_happened_late_before_the_sweep(self) -> None:
        asked([MADE], promise.keep, AFTER).then([Dated(BROKEN, OVER), LATE])

    def test_ignored(self) -> None:
        asked([MADE, KEPT], promise.keep, AFTER).then_nothing()

    def test_rejected(self) -> None:
        asked([], promise.keep, MOMENT).then_rejected("not_found", kind="not_found")

    def test_conflict(self) -> None:
        asked([MADE, RELEASED], promise.keep, MOMENT).then_rejected("promise_settled", kind="conflict")


class TestRelease:
    def test_happened(self) -> None:
        asked([MADE], promise.release, OVER).then([RELEASED])

    def test_ignored(self) -> None:
        asked([MADE, RELEASED], promise.release, AFTER).then_nothing()

    def test_rejected(self) -> None:
        asked([], promise.release, MOMENT).then_rejected("not_found", kind="not_found")

    def test_conflict(self) -> None:
        asked([MADE], promise.release, AFTER).then_rejected("promise_overdue", kind="conflict")
        asked([MADE, BROKEN], promise.release, AFTER).then_rejected("promise_settled", kind="conflict")


class TestBrokenByTheClock:
    def test_happened_at_the_end_of_the_due_day(self) -> None:
        asked([MADE], promise.break_overdue, AFTER + timedelta(days=9)).then([Dated(BROKEN, OVER)])

    def test_ignored_while_the_day_lasts(self) -> None:
        asked([MADE], promise.break_overdue, OVER).then_nothing()

    def test_ignored_once_settled(self) -> None:
        for settled in (KEPT, BROKEN, RELEASED):
            asked([MADE, settled], promise.break_overdue, AFTER).then_nothing()

    def test_follows_the_day_last_agreed(self) -> None:
        asked(TWICE, promise.break_overdue, AFTER).then_nothing()
