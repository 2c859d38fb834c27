"""An explanation as a banker reads it: which event gave how much."""

from datetime import UTC, date, datetime, time, timedelta

from services.scoring.as_of import evidence_as_of
from services.scoring.assess import assess
from services.scoring.calendar import local_day
from services.scoring.explain import ExplainedLine, explain
from services.scoring.policy_document import default_policy
from services.scoring.standing import standing
from support.events import CUSTOMER, History

POLICY = default_policy()
REFOLD = POLICY.refold("Asia/Shanghai")
MONDAY = date(2026, 1, 5)
EVENING = datetime.combine(date(2026, 3, 2), time(15, 59), UTC)


def explained(history: History, at: datetime = EVENING) -> dict[str, list[ExplainedLine]]:
    """The lines by kind."""
    evidence = evidence_as_of(history.envelopes, REFOLD, as_of=at)
    assessment = assess(evidence, POLICY, local_day(at, REFOLD.zone), CUSTOMER)
    found: dict[str, list[ExplainedLine]] = {}
    for bond in explain(assessment, evidence, POLICY, standing(history.envelopes, REFOLD, at)):
        for line in bond.lines:
            found.setdefault(line.line.kind, []).append(line)
    return found


def points(line: ExplainedLine) -> dict[str, int]:
    return {event.event: event.points for event in line.events}


def after(days: int) -> date:
    return MONDAY + timedelta(days=days)


def test_a_week_is_shared_by_its_contacts():
    history = History()
    first, second = history.contact(MONDAY), history.contact(after(2))
    other = history.contact(after(8))
    for kind in ("contact_in", "contact_out"):
        earlier, later = explained(history)[kind]
        assert set(points(earlier)) == {first.id, second.id}
        assert abs(points(earlier)[first.id] - points(earlier)[second.id]) <= 1
        assert points(later) == {other.id: later.line.points}


def test_points_go_to_the_last_word_about_a_contact():
    history = History()
    wrong = history.contact(MONDAY)
    right = history.correct(after(3), wrong, after(1), channel="visit")
    gone = history.contact(after(1))
    history.void(after(2), gone)
    (line,) = explained(history)["visit"]
    assert points(line) == {right.id: line.line.points}
    assert line.events[0].occurred_at.date() == after(1)
    (line,) = explained(history)["contact_in"]
    assert set(points(line)) == {right.id}


def test_ratings_are_told_apart_by_what_they_said():
    history = History()
    good, poor = history.survey(MONDAY, 5), history.survey(MONDAY, 1)
    (line,) = explained(history)["rating"]
    assert points(line)[good.id] > 0 > points(line)[poor.id]
    assert sum(points(line).values()) == line.line.points
    (average,) = explained(history)["average"]
    assert average.rest == average.line.points
    assert average.events == ()


def test_a_complaint_and_a_promise_name_their_events():
    history = History()
    history.complain(MONDAY, "major")
    complaint = history.envelopes[-1]
    history.promise(MONDAY, after(9), broken=after(9))
    broken = history.envelopes[-1]
    found = explained(history)
    assert points(found["complaint"][0]) == {complaint.id: found["complaint"][0].line.points}
    assert points(found["broken"][0]) == {broken.id: found["broken"][0].line.points}
    assert found["start"][0].line.prior


def test_money_stays_with_the_account_and_lists_its_largest_movements():
    history = History()
    account = history.open(MONDAY, opening=5_000_000, since=date(2020, 1, 1))
    for amount in (100, -4_000_000, 200, 300, 400, 50, 60):
        history.post(after(9), account, amount)
    found = explained(history)
    (balance,) = found["balance"]
    assert balance.rest == balance.line.points > 0
    assert balance.line.entity == account
    assert len(balance.events) == 5
    assert {event.points for event in balance.events} == {0}
    (left,) = found["money_left"]
    assert left.line.points < 0
    assert [event.event for event in left.events] == [history.envelopes[2].id]


def test_an_explanation_as_of_a_day_names_nothing_later():
    history = History()
    history.contact(MONDAY)
    history.contact(after(20))
    early = explained(history, datetime.combine(after(10), time(4), UTC))
    assert [event.event for line in early["contact_in"] for event in line.events] == ["interaction:1"]
