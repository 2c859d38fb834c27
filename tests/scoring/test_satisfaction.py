"""Service quality and satisfaction, with numbers that can be checked by hand."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.complaint import contract as complaint
from services.customer.contract import ServiceElementWeighted
from services.scoring.as_of import evidence_as_of
from services.scoring.assess import Assessment, assess
from services.scoring.calendar import day_of
from services.scoring.policy_document import default_policy
from services.scoring.recovery import Episode
from support.events import CUSTOMER, History

POLICY = default_policy()
REFOLD = POLICY.refold("Asia/Shanghai")
START = date(2026, 1, 5)


def on(history: History, day: date) -> Assessment:
    timeline = [e for e in history.envelopes if e.occurred_at.date() <= day]
    return assess(evidence_as_of(timeline, REFOLD), POLICY, day_of(day), CUSTOMER)


def after(days: int) -> date:
    return START + timedelta(days=days)


def episode(history: History, day: date) -> Episode:
    (found,) = on(history, day).satisfaction.episodes
    return found


def test_without_ratings_the_banks_average_is_presumed():
    found = on(History(), START)
    assert found.quality.score == pytest.approx(75)
    assert found.quality.presumed
    assert found.satisfaction.presumed
    assert not {bond.name: bond for bond in found.bonds}["satisfaction"].known


def test_an_overall_rating_counts_for_every_element():
    history = History()
    history.survey(START, 5)
    found = on(history, START)
    assert found.quality.elements == {e: pytest.approx((5 * 75 + 100) / 6) for e in found.quality.elements}
    assert not found.quality.presumed
    assert found.quality.weight == pytest.approx(1)


def test_an_element_rating_moves_its_element_by_the_trust_in_its_source():
    history = History()
    history.rate(START, 1, "empathy", "device")
    found = on(history, START)
    assert found.quality.elements["empathy"] == pytest.approx(5 * 75 / 5.6)
    assert found.quality.elements["reliability"] == pytest.approx(75)
    assert found.quality.score == pytest.approx(75 - 0.16 * (75 - 5 * 75 / 5.6))
    assert found.quality.technical == pytest.approx(75)
    assert found.quality.functional < 75


def test_a_rating_fades_with_half_a_year():
    history = History()
    history.survey(START, 5)
    assert on(history, after(180)).quality.score == pytest.approx((5 * 75 + 0.5 * 100) / 5.5)


def test_the_customers_own_weights_decide():
    history = History()
    history.rate(START, 1, "empathy", "survey")
    history.add(ServiceElementWeighted(CUSTOMER, {"empathy": 3, "tangibles": 1}), START, f"customer-{CUSTOMER}")
    assert on(history, START).quality.score == pytest.approx(0.75 * (5 * 75 / 6) + 0.25 * 75)
    history.add(ServiceElementWeighted(CUSTOMER, {"empathy": 0}), START, f"customer-{CUSTOMER}")
    assert on(history, START).quality.score == pytest.approx(75 - 0.16 * (75 - 5 * 75 / 6))


@pytest.mark.parametrize(
    ("severity", "unresolved", "resolved", "quick", "half_life"),
    [("minor", 0.46, 0.70, 0.95, 90), ("major", 0.19, 0.54, 0.82, 180), ("critical", 0.19, 0.54, 0.82, 360)],
)
def test_the_recovery_table(severity: str, unresolved: float, resolved: float, quick: float, half_life: int):
    open_case = History()
    open_case.complain(START, severity)
    assert on(open_case, START).satisfaction.score == pytest.approx(75 * unresolved)
    assert on(open_case, after(400)).satisfaction.score == pytest.approx(75 * unresolved)
    for told, share in ((5, quick), (6, resolved)):
        history = History()
        history.resolve(after(told), history.complain(START, severity))
        assert episode(history, after(told)).factor == pytest.approx(share)
        later = episode(history, after(told + half_life))
        assert later.factor == pytest.approx(1 - (1 - share) / 2)
        assert later.since == day_of(after(told))


STEPS: dict[str, Any] = {
    "assessed": (complaint.ComplaintAssessed, {"severity": "minor", "complexity": "simple"}),
    "decided": (complaint.ComplaintDecided, {"decision": "upheld"}),
    "upheld": (complaint.ComplaintCommunicated, {"decision": "upheld"}),
    "partly": (complaint.ComplaintCommunicated, {"decision": "partly_upheld"}),
    "not_upheld": (complaint.ComplaintCommunicated, {"decision": "not_upheld"}),
    "satisfied": (complaint.ComplaintConfirmed, {"answer": "satisfied"}),
    "not_satisfied": (complaint.ComplaintConfirmed, {"answer": "not_satisfied"}),
    "no_answer": (complaint.ComplaintConfirmed, {"answer": "no_answer"}),
    "reopened": (complaint.ComplaintReopened, {"reason": "again"}),
    "referred": (complaint.ComplaintReferredExternally, {"body": "ombudsman"}),
    "closed": (complaint.ComplaintClosed, {"root_cause": "process", "action_taken": "fixed"}),
    "withdrawn": (complaint.ComplaintWithdrawn, {}),
}


@pytest.mark.parametrize(
    ("steps", "outcome", "since"),
    [
        ([], "unresolved", None),
        ([(1, "assessed"), (2, "decided")], "unresolved", None),
        ([(3, "upheld")], "quick", 3),
        ([(5, "partly")], "quick", 5),
        ([(6, "upheld")], "resolved", 6),
        ([(3, "upheld"), (8, "satisfied"), (9, "closed")], "quick", 3),
        ([(3, "upheld"), (17, "no_answer")], "quick", 3),
        ([(3, "upheld"), (9, "upheld")], "quick", 3),
        ([(3, "not_upheld")], "unresolved", 3),
        ([(3, "not_upheld"), (9, "not_upheld"), (17, "no_answer"), (18, "closed")], "unresolved", 3),
        ([(2, "not_upheld"), (4, "satisfied")], "resolved", 4),
        ([(3, "upheld"), (4, "not_satisfied")], "unresolved", None),
        ([(3, "upheld"), (30, "reopened")], "unresolved", None),
        ([(1, "upheld"), (2, "not_satisfied"), (4, "upheld")], "resolved", 4),
        ([(1, "upheld"), (2, "reopened"), (4, "not_upheld")], "unresolved", 4),
        ([(3, "referred")], "unresolved", None),
        ([(3, "upheld"), (9, "referred"), (40, "closed")], "unresolved", 40),
    ],
)
def test_which_row_a_case_is_in_and_since_when(steps: list[tuple[int, str]], outcome: str, since: int | None):
    history = History()
    identifier = history.complain(START, "major")
    for day, step in steps:
        struct, more = STEPS[step]
        history.step(after(day), identifier, struct, **more)
    found = episode(history, after(50))
    assert found.outcome == outcome
    assert found.since == (None if since is None else day_of(after(since)))


def test_a_withdrawn_complaint_is_no_episode_from_then_on():
    history = History()
    identifier = history.complain(START, "major")
    history.step(after(4), identifier, complaint.ComplaintWithdrawn)
    assert len(on(history, after(3)).satisfaction.episodes) == 1
    assert on(history, after(4)).satisfaction.score == pytest.approx(75)


@pytest.mark.parametrize(
    ("perceived", "loss", "assessed", "severity"),
    [
        (None, None, None, "minor"),
        (None, 49_999, None, "minor"),
        (None, 50_000, None, "major"),
        ("minor", 50_000, None, "minor"),
        ("minor", None, "critical", "critical"),
    ],
)
def test_severity_is_assessed_else_perceived_else_by_the_loss(
    perceived: Any, loss: int | None, assessed: Any, severity: str
):
    history = History()
    lost = None if loss is None else complaint.Loss(loss, "CNY")
    identifier = history.complain(START, perceived, loss=lost)
    if assessed is not None:
        history.step(START, identifier, complaint.ComplaintAssessed, severity=assessed, complexity="simple")
    assert episode(history, START).severity == severity


def test_a_poor_rating_without_a_complaint_is_a_silent_loss_from_day_30():
    history = History()
    history.survey(START, 2)
    assert on(history, after(29)).satisfaction.episodes == ()
    found = episode(history, after(30))
    assert (found.outcome, found.severity, found.since) == ("silent", "minor", day_of(after(30)))
    assert found.factor == pytest.approx(0.37)
    assert episode(history, after(120)).factor == pytest.approx(1 - 0.63 / 2)


def test_a_poor_tap_on_a_device_is_believed_less():
    history = History()
    history.rate(START, 1)
    assert episode(history, after(30)).factor == pytest.approx(1 - 0.6 * 0.63)


def test_silence_ends_with_a_good_rating_and_is_none_when_a_complaint_came():
    forgiven = History()
    forgiven.survey(START, 2)
    forgiven.survey(after(60), 4)
    assert len(on(forgiven, after(59)).satisfaction.episodes) == 1
    assert on(forgiven, after(60)).satisfaction.episodes == ()
    spoken = History()
    spoken.survey(START, 2)
    spoken.resolve(after(30), spoken.complain(after(30), "minor"))
    assert [e.outcome for e in on(spoken, after(30)).satisfaction.episodes] == ["quick"]


def test_a_good_rating_of_the_same_day_is_no_later_one():
    history = History()
    history.survey(START, 2)
    history.survey(START, 5)
    assert episode(history, after(30)).outcome == "silent"


def test_there_is_at_most_one_silence_and_a_fresh_poor_rating_does_not_hide_it():
    history = History()
    history.survey(START, 2)
    history.survey(after(40), 1)
    assert episode(history, after(41)).since == day_of(after(30))
    assert episode(history, after(70)).since == day_of(after(70))


def test_recovery_never_lifts_satisfaction_above_quality():
    history = History()
    history.resolve(after(1), history.complain(START, "minor"))
    for day in (1, 30, 90, 3_000):
        found = on(history, after(day))
        assert found.satisfaction.score <= found.quality.score
    assert on(history, after(9_000)).satisfaction.episodes == ()


def test_the_lines_name_the_average_each_rating_and_each_complaint():
    history = History()
    history.survey(START, 5)
    history.rate(START, 1, "empathy")
    first = history.complain(START, "minor")
    second = history.complain(START, "major")
    bond = {bond.name: bond for bond in on(history, START).bonds}["satisfaction"]
    lines = {(line.kind, line.entity): line.points for line in bond.lines}
    assert lines["average", ""] == pytest.approx(0.15 * 75 * 10_000, abs=1)
    assert lines["rating", "overall:survey"] > 0 > lines["rating", "empathy:device"]
    assert lines["complaint", second] < lines["complaint", first] < 0
