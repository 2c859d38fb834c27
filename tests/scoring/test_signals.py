"""Loyalty, stage and signals: what a banker is told, and when it stops being told."""

import math
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from services.customer.contract import AccountClosed, TierChanged
from services.interaction.contract import PromiseMade, PromiseReleased
from services.scoring.as_of import evidence_as_of
from services.scoring.assess import Assessment, assess
from services.scoring.calendar import day_of
from services.scoring.policy_document import default_policy
from services.scoring.signals import Earlier, Signal
from support.events import CUSTOMER, History
from support.stories import STORIES, TODAY, Storyteller, leaving, neglected_key, ordinary

POLICY = default_policy()
REFOLD = POLICY.refold("Asia/Shanghai")
START = date(2026, 1, 5)


def after(days: int) -> date:
    return START + timedelta(days=days)


def assessed(history: History, day: date, earlier: Earlier | None = None) -> Assessment:
    timeline = [e for e in history.envelopes if e.occurred_at.date() <= day]
    return assess(evidence_as_of(timeline, REFOLD), POLICY, day_of(day), CUSTOMER, earlier)


def raised(history: History, day: date, earlier: Earlier | None = None) -> dict[str, Signal]:
    return {signal.name: signal for signal in assessed(history, day, earlier).signals}


def active(history: History, account: str, days: range) -> None:
    for number in days:
        history.post(after(number), account, 100)


def test_silence_is_a_gap_that_chance_does_not_explain():
    history = History()
    account = history.open(START)
    active(history, account, range(0, 200, 7))
    last = 196
    number, elapsed = 29, 197
    gap = next(g for g in range(31, 300) if (1 + g / (elapsed + 30)) ** -(number + 3.9) < 0.005)
    assert "silence" not in raised(history, after(last + gap - 1))
    found = raised(history, after(last + gap))["silence"]
    assert found.evidence["days_silent"] == gap
    assert found.evidence["last_active"] == after(last).isoformat()
    history.post(after(last + gap), account, 100)
    assert "silence" not in raised(history, after(last + gap))


def test_nobody_is_silent_who_was_never_active():
    history = History()
    history.open(START)
    assert "silence" not in raised(history, after(900))


def leaver(external: str) -> History:
    """A year of small external movements in balance, then 70,000 of 100,000 gone within two months."""
    history = History()
    account = history.open(START, opening=10_000_000, since=date(2020, 1, 1))
    for number in range(0, 360, 30):
        history.post(after(number), account, 10_000, external="in")
        history.post(after(number), account, -10_000, external="out")
    for number in range(360, 420, 6):
        history.post(after(number), account, -700_000, external=external)
    return history


def test_outflow_finds_money_going_to_other_banks_and_only_that():
    found = raised(leaver("out"), after(420))["outflow"]
    assert found.evidence["retained"] == assessed(leaver("out"), after(420)).retained < 0.85
    assert float(found.evidence["excess"]) < -0.10
    assert "outflow" not in raised(leaver("none"), after(420))
    assert "outflow" not in raised(leaver("out"), after(359))


def test_the_excess_on_paper():
    history = leaver("out")
    moved = [(30 * n, 0) for n in range(12)] + [(n, -7_000) for n in range(360, 420, 6)]

    def rate(half_life: int) -> float:
        net = sum(amount * 2.0 ** (-(420 - day) / half_life) for day, amount in moved)
        return net * math.log(2) / half_life / (1 - 2.0 ** (-421 / half_life))

    usual = 100_000 + sum(amount * (1 - 2.0 ** (-(420 - day) / 365)) for day, amount in moved)
    since_2020 = 1 - 2.0 ** (-(after(420) - date(2020, 1, 1)).days / 365)
    usual -= 100_000 * (1 - since_2020)
    found = raised(history, after(420))["outflow"].evidence["excess"]
    assert found == pytest.approx(90 * (rate(90) - rate(365)) / usual, rel=1e-6)


def test_a_promise_broken_long_ago_is_history():
    history = History()
    history.promise(START, after(5), broken=after(5))
    assert "promise_overdue" in raised(history, after(5 + 365))
    assert "promise_overdue" not in raised(history, after(5 + 366))


def test_a_strength_that_fell_by_ten_points_in_a_month():
    history = History()
    now = assessed(history, START).strength
    assert "strength_drop" in raised(history, START, Earlier(strength=now + 100_000))
    assert "strength_drop" not in raised(history, START, Earlier(strength=now + 99_999))
    assert "strength_drop" not in raised(history, START)


def test_a_voice_that_fell_silent_while_money_goes():
    history = History()
    account = history.open(START, opening=10_000_000, since=date(2020, 1, 1))
    for number in (0, 30, 60):
        history.contact(after(number))
    history.post(after(200), account, -9_000_000)
    assert "voice_lost" not in raised(history, after(239))
    assert raised(history, after(240))["voice_lost"].evidence["days_heard_before"] == 3
    history.survey(after(240), 3)
    assert "voice_lost" not in raised(history, after(240))


def test_a_complaint_is_overdue_after_the_quick_days_until_it_is_answered():
    history = History()
    identifier = history.complain(START)
    assert "complaint_overdue" not in raised(history, after(5))
    assert raised(history, after(6))["complaint_overdue"].evidence["complaint"] == identifier
    history.resolve(after(7), identifier)
    assert "complaint_overdue" not in raised(history, after(7))


def test_a_promise_is_overdue_the_day_after_until_kept_or_released():
    history = History()
    history.add(PromiseMade("prm_9", CUSTOMER, "ins_1", "emp_1", after(5)), START, "promise-prm_9")
    assert "promise_overdue" not in raised(history, after(5))
    assert raised(history, after(6))["promise_overdue"].evidence["promise"] == "prm_9"
    history.add(PromiseReleased("prm_9", CUSTOMER), after(9), "promise-prm_9")
    assert "promise_overdue" not in raised(history, after(9))
    history.promise(START, after(20), kept=after(25), broken=after(20))
    assert "promise_overdue" in raised(history, after(24))
    assert "promise_overdue" not in raised(history, after(25))


def test_a_maturity_is_near_within_thirty_days():
    history = History()
    account = history.open(START, "term_deposit", maturity_date=after(90))
    assert "maturity_near" not in raised(history, after(59))
    assert raised(history, after(60))["maturity_near"].evidence["account"] == account
    assert "maturity_near" not in raised(history, after(91))
    history.add(AccountClosed(account, CUSTOMER, "term_deposit", after(70)), after(70), f"account-{account}")
    assert "maturity_near" not in raised(history, after(70))


def test_a_firm_known_through_one_person_only():
    history = History()
    history.register(START, "enterprise")
    for number in range(4):
        assert "single_thread" not in raised(history, after(40))
        history.contact(after(number * 7), counterpart="pty_1")
    assert raised(history, after(40))["single_thread"].evidence["counterpart"] == "pty_1"
    history.contact(after(40), counterpart="pty_2")
    assert "single_thread" not in raised(history, after(40))


def test_a_key_customer_without_a_conversation():
    history = History()
    history.add(TierChanged(CUSTOMER, "key", "default", "1"), START, f"customer-{CUSTOMER}")
    history.open(START)
    history.contact(after(10))
    assert "key_uncovered" not in raised(history, after(70))
    assert "key_uncovered" in raised(history, after(71))
    history.contact(after(71), "sms", direction="out", employee_id=None)
    assert "key_uncovered" in raised(history, after(71))
    history.contact(after(71))
    assert "key_uncovered" not in raised(history, after(71))


def test_contacts_that_nothing_of_the_customer_confirms():
    history = History()
    account = history.open(START)
    for week in range(6):
        assert "unconfirmed_contacts" not in raised(history, after(7 * 6))
        history.contact(after(7 * week))
    assert raised(history, after(42))["unconfirmed_contacts"].evidence["weeks"] == 6
    history.post(after(42), account, 100)
    assert "unconfirmed_contacts" not in raised(history, after(42))


def test_too_many_contacts_without_better_ratings():
    history = History()
    for number in range(3):
        history.contact(after(number * 20), "letter", direction="out", employee_id=None)
    assert "over_served" in raised(history, after(60))
    assert "over_served" not in raised(history, after(60), Earlier(quality=73))
    assert "over_served" in raised(history, after(60), Earlier(quality=73.5))
    assert "over_served" not in raised(history, after(130))


@pytest.mark.parametrize(
    ("tell", "expected"),
    [
        (neglected_key, {"key_uncovered"}),
        (lambda seed: leaving(seed, 120), {"silence"}),
        (STORIES["over_contacted"], {"over_served"}),
        (STORIES["unresolved_complainer"], {"complaint_overdue", "spurious_loyalty"}),
        (ordinary, set()),
    ],
)
def test_the_stories_raise_their_signals(tell: Callable[[int], Storyteller], expected: set[str]):
    for seed in range(3):
        assert set(raised(tell(seed).history, TODAY)) >= expected
    if not expected:
        assert "key_uncovered" not in raised(tell(1).history, TODAY)


def test_expected_activity_and_loyalty_on_paper():
    history = History()
    account = history.open(START)
    active(history, account, range(0, 71, 7))
    found = assessed(history, after(70)).loyalty
    rate = 11 / (10 + 1 / 0.91)
    assert found.expected.alive == pytest.approx(1)
    assert found.expected.activity == pytest.approx(rate * 90 / 7)
    assert found.patronage == pytest.approx(found.expected.activity / (found.expected.activity + 90 * 0.13))
    assert found.attitude == pytest.approx(0.6 * 0.75 + 0.3 / 3)
    assert found.kind == "true"
    assert found.presumed
    assert found.index == round(1_000_000 * math.sqrt(found.attitude * found.patronage))
    assert sum(line.points for line in found.lines) == found.index
    patronage = {line.kind: line.points for line in found.lines}["patronage"]
    assert patronage == pytest.approx(found.index / 2, abs=1)


def test_a_long_gap_lowers_the_odds_of_still_being_there():
    history = History()
    account = history.open(START)
    active(history, account, range(0, 71, 7))
    alive = [assessed(history, after(day)).loyalty.expected.alive for day in (70, 100, 130, 200, 300)]
    assert alive == sorted(alive, key=lambda odds: -(odds or 0))
    assert alive[-1] == pytest.approx(0, abs=0.01)
    assert assessed(History(), START).loyalty.expected.activity == 0


def test_classes():
    assert assessed(leaving(1, 200).history, TODAY).loyalty.kind in {"none", "latent"}
    complaining = STORIES["unresolved_complainer"](1)
    assert assessed(complaining.history, TODAY).loyalty.kind == "spurious"


def stage(history: History, day: date) -> str:
    return assessed(history, day).stage


def test_the_stages_of_a_life():
    history = History()
    assert stage(history, START) == "prospect"
    account = history.open(START)
    active(history, account, range(0, 400, 7))
    assert stage(history, START) == "new"
    assert stage(history, after(178)) == "new"
    assert stage(history, after(200)) == "active"
    assert stage(history, after(500)) == "at_risk"
    assert stage(history, after(399 + 365)) == "lapsed"
    history.post(after(800), account, 100)
    assert stage(history, after(800)) == "returned"
    assert stage(history, after(985)) != "returned"
    history.close(after(990), account)
    assert stage(history, after(990)) == "lapsed"
    again = history.open(after(1_000))
    history.post(after(1_001), again, 100)
    assert stage(history, after(1_001)) == "returned"


def test_a_close_key_customer_is_loyal():
    assert stage(STORIES["close_key"](1).history, TODAY) == "loyal"
