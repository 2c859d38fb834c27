"""The internal clock: worked examples in the installation's time zone, and what holds for every history."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.complaint.contract import EVENTS
from services.complaint.deadlines import INTERNAL_24H, Deadline, Step, deadlines
from shared.times import last_moment, local_day

SHANGHAI = ZoneInfo("Asia/Shanghai")
PRAGUE = ZoneInfo("Europe/Prague")
RECEIVED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""17:00 on Monday 2 March in Shanghai."""


def at(**later: float) -> datetime:
    return RECEIVED + timedelta(**later)


def standing(*steps: tuple[str, datetime], as_of: datetime, zone: ZoneInfo = SHANGHAI) -> dict[str, Deadline]:
    history = [Step("complaint.received", RECEIVED), *(Step(f"complaint.{kind}", when) for kind, when in steps)]
    return {deadline.clock: deadline for deadline in deadlines(history, INTERNAL_24H, zone, as_of)}


def test_a_new_complaint_has_24_elapsed_hours_and_five_calendar_days() -> None:
    found = standing(as_of=at(hours=1))
    assert found["acknowledgement"].due_at == datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
    assert found["handling"].due_at == datetime(2026, 3, 7, 15, 59, 59, 999999, tzinfo=UTC)
    assert {deadline.state for deadline in found.values()} == {"running"}


def test_day_one_is_the_local_day_after_receipt() -> None:
    late_evening = datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC)
    after_midnight = datetime(2026, 3, 2, 16, 0, 0, tzinfo=UTC)
    due = [
        deadlines([Step("complaint.received", when)], INTERNAL_24H, SHANGHAI, when)[1].due_at
        for when in (late_evening, after_midnight)
    ]
    assert [local_day(moment, SHANGHAI) for moment in due] == [date(2026, 3, 7), date(2026, 3, 8)]


def test_an_elapsed_day_ignores_the_clock_change_and_a_calendar_day_follows_it() -> None:
    eve = Step("complaint.received", datetime(2026, 3, 28, 12, 0, tzinfo=UTC))
    acknowledgement, handling = deadlines([eve], INTERNAL_24H, PRAGUE, eve.occurred_at)
    assert acknowledgement.due_at == datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
    assert handling.due_at == datetime(2026, 4, 2, 21, 59, 59, 999999, tzinfo=UTC)


def test_acknowledged_and_decided_in_time_is_met() -> None:
    found = standing(("acknowledged", at(hours=24)), ("decided", at(days=5)), as_of=at(days=30))
    assert {deadline.state for deadline in found.values()} == {"met"}
    assert found["acknowledgement"].derivation == (
        "received at 2026-03-02T09:00:00+00:00",
        "24 elapsed hours later: 2026-03-03T09:00:00+00:00",
        "acknowledged at 2026-03-03T09:00:00+00:00, in time",
    )


def test_a_moment_too_late_is_overdue_for_ever() -> None:
    found = standing(("acknowledged", at(hours=24, microseconds=1)), ("decided", at(days=6)), as_of=at(days=30))
    assert {deadline.state for deadline in found.values()} == {"overdue"}


def test_what_is_not_answered_becomes_overdue_by_the_clock_alone() -> None:
    assert standing(as_of=at(hours=24))["acknowledgement"].state == "running"
    assert standing(as_of=at(hours=24, microseconds=1))["acknowledgement"].state == "overdue"


def test_a_later_step_answers_for_an_earlier_one() -> None:
    assert standing(("decided", at(hours=2)), as_of=at(days=2))["acknowledgement"].state == "met"


def test_a_withdrawal_ends_what_still_runs() -> None:
    found = standing(("withdrawn", at(days=2)), as_of=at(days=30))
    assert found["acknowledgement"].state == "overdue"
    assert found["handling"].state == "met"


def test_a_reopened_complaint_has_five_days_again() -> None:
    history = (("decided", at(days=1)), ("reopened", at(days=10)))
    found = standing(*history, as_of=at(days=11))
    assert found["acknowledgement"].state == "met"
    assert found["handling"].state == "running"
    assert local_day(found["handling"].due_at, SHANGHAI) == date(2026, 3, 17)
    assert standing(*history, ("decided", at(days=12)), as_of=at(days=13))["handling"].state == "met"


def test_what_happens_after_as_of_is_not_known() -> None:
    assert standing(("acknowledged", at(hours=3)), as_of=at(hours=2))["acknowledgement"].state == "running"
    assert deadlines([Step("complaint.received", RECEIVED)], INTERNAL_24H, SHANGHAI, at(hours=-1)) == []


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Prague", "America/New_York", "Australia/Sydney", "UTC"]).map(ZoneInfo)
LATER = st.lists(
    st.builds(Step, st.sampled_from([name for name, *_ in EVENTS if name != "complaint.received"]), MOMENTS), max_size=8
)


@given(MOMENTS, LATER, ZONES, MOMENTS, MOMENTS)
def test_once_met_or_once_overdue_without_reopening_it_stays_so(
    received: datetime, later: list[Step], zone: ZoneInfo, one: datetime, other: datetime
) -> None:
    steps = [Step("complaint.received", received), *(step for step in later if step.type != "complaint.reopened")]
    early, late = sorted((one, other))
    before = {d.clock: d for d in deadlines(steps, INTERNAL_24H, zone, early)}
    after = {d.clock: d for d in deadlines(steps, INTERNAL_24H, zone, late)}
    for clock, deadline in before.items():
        assert after[clock].due_at == deadline.due_at
        if deadline.state != "running":
            assert after[clock].state == deadline.state


@given(MOMENTS, LATER, ZONES, MOMENTS, st.randoms(use_true_random=False))
def test_the_order_in_which_steps_are_given_does_not_matter(
    received: datetime, later: list[Step], zone: ZoneInfo, as_of: datetime, random: Random
) -> None:
    steps = [Step("complaint.received", received), *{step.occurred_at: step for step in later}.values()]
    steps = list({step.occurred_at: step for step in reversed(steps)}.values())
    shuffled = random.sample(steps, len(steps))
    assert deadlines(shuffled, INTERNAL_24H, zone, as_of) == deadlines(steps, INTERNAL_24H, zone, as_of)


@given(MOMENTS, ZONES)
def test_five_calendar_days_end_with_the_fifth_local_day(received: datetime, zone: ZoneInfo) -> None:
    handling = deadlines([Step("complaint.received", received)], INTERNAL_24H, zone, received)[1]
    assert local_day(handling.due_at, zone) == local_day(received, zone) + timedelta(days=5)
    assert handling.due_at == last_moment(local_day(handling.due_at, zone), zone)
    assert local_day(handling.due_at + timedelta(microseconds=1), zone) > local_day(handling.due_at, zone)
