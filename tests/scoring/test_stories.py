"""The planted stories: customers whom a banker would rank without thinking must come out in that order."""

from collections.abc import Callable
from datetime import timedelta
from statistics import median

import pytest

from services.interaction.contract import RecognitionGiven
from services.scoring.as_of import evidence_as_of
from services.scoring.assess import Assessment, assess
from services.scoring.calendar import day_of
from services.scoring.policy_document import default_policy
from support.stories import STORIES, TODAY, Storyteller, close_key, leaving, neglected_key, new, ordinary

POLICY = default_policy()
REFOLD = POLICY.refold("Asia/Shanghai")
SEEDS = range(11)


def assessed(story: Storyteller, days_ago: int = 0) -> Assessment:
    day = TODAY - timedelta(days=days_ago)
    timeline = [e for e in story.history.envelopes if e.occurred_at.date() <= day]
    return assess(evidence_as_of(timeline, REFOLD), POLICY, day_of(day), story.history.key)


@pytest.fixture(scope="module")
def medians() -> dict[str, float]:
    return {name: median(assessed(tell(seed)).points for seed in SEEDS) for name, tell in STORIES.items()}


def moved_by(tell: Callable[[int], Storyteller], act: Callable[[Storyteller], object]) -> float:
    """The median difference that one thing makes, against the twin to whom it did not happen."""

    def difference(seed: int) -> float:
        twin, story = tell(seed), tell(seed)
        act(story)
        return assessed(story).points - assessed(twin).points

    return median(difference(seed) for seed in SEEDS)


def test_the_order_of_the_stories(medians: dict[str, float]):
    order = ["close_key", "neglected_key", "ordinary", "money_moved_out", "over_contacted", "new"]
    order += ["unresolved_complainer", "dormant", "silent_leaver"]
    assert sorted(order, key=lambda name: -medians[name]) == order


def test_the_rescued_and_the_steady_stand_with_the_ordinary(medians: dict[str, float]):
    assert medians["rescued_complainer"] == pytest.approx(medians["ordinary"], abs=3)
    assert medians["low_rate_steady"] == pytest.approx(medians["ordinary"], abs=3)
    assert medians["rescued_complainer"] > medians["unresolved_complainer"] + 5


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("close_key", 78, 88),
        ("neglected_key", 68, 80),
        ("ordinary", 56, 64),
        ("new", 48, 55),
        ("unresolved_complainer", 47, 54),
        ("dormant", 28, 38),
        ("silent_leaver", 28, 37),
    ],
)
def test_where_the_stories_lie(medians: dict[str, float], name: str, low: float, high: float):
    assert low <= medians[name] <= high


def test_bands():
    bands = {name: assessed(tell(1)).band for name, tell in STORIES.items()}
    assert bands["close_key"] == "close"
    assert bands["ordinary"] == "occasional"
    assert bands["silent_leaver"] == "sporadic"


def test_a_broken_promise_three_times_costs_five_points(medians: dict[str, float]):
    assert medians["promise_broken"] - medians["ordinary"] == pytest.approx(-5, abs=1)


def test_half_a_year_of_neglect_costs_a_key_customer_five_points():
    differences = [assessed(neglected_key(seed)).points - assessed(close_key(seed)).points for seed in SEEDS]
    assert median(differences) == pytest.approx(-5.6, abs=1.5)


def test_long_tenure_survives_silence_and_does_not_carry_it():
    bonds = {bond.name: bond for bond in assessed(STORIES["dormant"](3)).bonds}
    assert bonds["tenure"].value > 0.9
    assert bonds["behavioural"].value < 0.25


def test_a_new_customer_begins_near_the_lower_band_and_climbs():
    first = median(assessed(new(seed), days_ago=59).points for seed in SEEDS)
    month = median(assessed(new(seed), days_ago=30).points for seed in SEEDS)
    assert first == pytest.approx(39, abs=3)
    assert month == pytest.approx(50, abs=4)


def test_a_silent_leaver_falls_within_a_month_and_goes_on_falling():
    def fall(days: int) -> float:
        return median(assessed(leaving(s, days)).points - assessed(leaving(s, days), days + 1).points for s in SEEDS)

    assert fall(30) == pytest.approx(-13, abs=3.5)
    assert fall(90) == pytest.approx(-19, abs=5)


def contact(story: Storyteller) -> None:
    story.history.contact(TODAY)


def visit(story: Storyteller) -> None:
    story.history.contact(TODAY, "visit")


def kept(story: Storyteller) -> None:
    story.history.promise(story.day(-9), TODAY, kept=TODAY)


def broken(story: Storyteller) -> None:
    story.history.promise(story.day(-9), TODAY, broken=TODAY)


def one_star(story: Storyteller) -> None:
    story.history.survey(TODAY, 1)


def complaint(story: Storyteller) -> None:
    story.history.complain(TODAY)


def complaint_resolved_quickly(story: Storyteller) -> None:
    story.history.resolve(TODAY, story.history.complain(TODAY))


def referral(story: Storyteller) -> None:
    story.history.referral(TODAY, TODAY)


@pytest.mark.parametrize(
    ("act", "on_ordinary", "on_key"),
    [
        (contact, 2.3, 0.4),
        (visit, 4.0, 0.7),
        (kept, 1.1, 0.3),
        (broken, -3.1, -2.0),
        (one_star, -1.8, -1.6),
        (complaint, -9.1, -9.4),
        (complaint_resolved_quickly, -2.0, -2.1),
        (referral, 2.9, 1.6),
    ],
)
def test_what_one_event_does(act: Callable[[Storyteller], None], on_ordinary: float, on_key: float):
    assert moved_by(ordinary, act) == pytest.approx(on_ordinary, abs=0.6)
    assert moved_by(close_key, act) == pytest.approx(on_key, abs=0.5)


def daily(act: Callable[[Storyteller, int], object]) -> Callable[[Storyteller], None]:
    def repeat(story: Storyteller) -> None:
        for number in range(-200, 0):
            act(story, number)

    return repeat


def sms(story: Storyteller, number: int) -> None:
    story.history.contact(story.day(number), "sms", direction="out", employee_id=None)


def greeting(story: Storyteller, number: int) -> None:
    identifier = story.history.new_id("rec")
    data = RecognitionGiven(identifier, story.history.key, "greeting")
    story.history.add(data, story.day(number), f"recognition-{identifier}")


def tap(story: Storyteller, number: int) -> None:
    story.history.rate(story.day(number), 5)


def test_gaming_gains_little_or_harms():
    assert moved_by(ordinary, daily(sms)) == pytest.approx(-4.6, abs=2)
    assert 0 <= moved_by(ordinary, daily(greeting)) < 2.5
    assert 0 < moved_by(ordinary, daily(tap)) < 4.5
