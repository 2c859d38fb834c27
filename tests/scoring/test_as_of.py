"""Two clocks: what had happened by a moment, and what was known of it by another."""

from datetime import UTC, date, datetime, timedelta

import msgspec

from services.scoring.as_of import evidence_as_of
from services.scoring.assess import assess
from services.scoring.calendar import day_of, last_instant, local_day
from services.scoring.earlier import earlier
from services.scoring.policy_document import default_policy
from services.scoring.signals import Earlier
from support.events import CUSTOMER, ZONE, History, noon
from support.stories import TODAY, leaving, ordinary

POLICY = default_policy()
REFOLD = POLICY.refold("Asia/Shanghai")
MONDAY = date(2026, 1, 5)


def after(days: int) -> date:
    return MONDAY + timedelta(days=days)


def two_way(history: History, as_of: int | None = None, known_at: int | None = None) -> set[int]:
    """The days of conversation, counted from the first Monday."""
    moments = [None if number is None else noon(after(number)) for number in (as_of, known_at)]
    evidence = evidence_as_of(history.envelopes, REFOLD, *moments)
    return {day - day_of(MONDAY) for day, count in evidence.days.get("two_way", {}).items() if count > 0}


def test_a_void_corrects_the_record_of_every_earlier_day():
    history = History()
    contact = history.contact(MONDAY)
    history.void(after(30), contact)
    assert two_way(history, as_of=10) == set()
    assert two_way(history, as_of=10, known_at=10) == {0}
    assert two_way(history, known_at=30) == set()


def test_a_correction_moves_the_contact_to_its_own_day():
    history = History()
    contact = history.contact(MONDAY)
    history.correct(after(50), contact, after(40))
    assert two_way(history) == {40}
    assert two_way(history, as_of=20) == set()
    assert two_way(history, as_of=40) == {40}
    assert two_way(history, as_of=20, known_at=49) == {0}


def test_a_late_record_is_of_its_day_but_known_later():
    history = History()
    late = msgspec.structs.replace(history.contact(MONDAY), recorded_at=noon(after(9)))
    history.envelopes = [late]
    assert two_way(history, as_of=0) == {0}
    assert two_way(history, as_of=5, known_at=5) == set()


def test_a_balance_obeys_as_of_by_its_booking_date():
    history = History()
    posted = history.post(after(5), "acc_9", 700, booking_date=after(2))
    assert evidence_as_of([posted], REFOLD, noon(after(1))).totals == {}
    booked = evidence_as_of([posted], REFOLD, noon(after(2)))
    assert booked.totals == {"moved:acc_9": 700}
    assert booked.days == {}


def test_the_end_of_a_local_day():
    end = last_instant(day_of(MONDAY), ZONE)
    assert end == datetime(2026, 1, 5, 15, 59, 59, 999_999, tzinfo=UTC)
    assert local_day(end, ZONE) == day_of(MONDAY)
    assert local_day(end + timedelta(microseconds=1), ZONE) == day_of(after(1))


def test_earlier_values_are_what_was_to_be_said_then():
    story = ordinary(2)
    today = day_of(TODAY)
    found = earlier(story.history.envelopes, POLICY, REFOLD, today, CUSTOMER)
    then = evidence_as_of(story.history.envelopes, REFOLD, last_instant(today - 30, ZONE))
    assert found.strength == assess(then, POLICY, today - 30, CUSTOMER).strength
    half_year = evidence_as_of(story.history.envelopes, REFOLD, last_instant(today - 180, ZONE))
    assert found.quality == assess(half_year, POLICY, today - 180, CUSTOMER).quality.score
    first = day_of(story.first)
    assert earlier(story.history.envelopes, POLICY, REFOLD, first + 29, CUSTOMER) == Earlier(None, None)


def test_a_leaver_raises_the_strength_drop():
    story = leaving(1, 32)
    today = day_of(TODAY)
    before = earlier(story.history.envelopes, POLICY, REFOLD, today, CUSTOMER)
    found = assess(evidence_as_of(story.history.envelopes, REFOLD), POLICY, today, CUSTOMER, before)
    assert before.strength is not None
    assert found.strength <= before.strength - 100_000
    assert "strength_drop" in {signal.name for signal in found.signals}
    assert found.stage == "at_risk"
