"""What is said about a relationship, to whom it belongs, and that two who say it say it once."""

import asyncio
from datetime import UTC, date, datetime
from functools import reduce
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.scoring import contract
from services.scoring.assess import assess
from services.scoring.calendar import day_of
from services.scoring.contract import RelationshipAssessed, RelationshipStrengthened, RelationshipWeakened
from services.scoring.delta import feed
from services.scoring.evidence import Working
from services.scoring.policy_document import default_policy
from services.scoring.publication import Published, decide, evolve
from services.scoring.publisher import RelationshipPublisher
from services.scoring.subjects import groups
from shared.codec import Codec
from shared.committer import Committer
from shared.execute import Executor
from shared.log_memory import MemoryEventLog
from support.stories import ordinary, unresolved_complainer

STEP = 10_000
TODAY = date(2026, 6, 30)


def band_of(strength: int) -> Any:
    return "close" if strength >= 700_000 else "occasional" if strength >= 400_000 else "sporadic"


def observed(strength: int) -> RelationshipAssessed:
    return RelationshipAssessed("cus_1", "ins_1", TODAY, strength, band_of(strength), 0, 0, {}, "p")


def test_the_first_is_told_and_less_than_a_step_is_not() -> None:
    (first,) = decide(Published(), observed(500_000), STEP)
    assert first.previous_strength is None
    told = evolve(Published(), first)
    assert decide(told, observed(509_999), STEP) == ()
    assert decide(told, observed(490_001), STEP) == ()
    (moved,) = decide(told, observed(510_000), STEP)
    assert moved.previous_strength == 500_000


def test_a_change_of_band_is_told_however_small() -> None:
    risen = decide(Published(699_999, "occasional"), observed(700_000), STEP)
    assert [type(event) for event in risen] == [RelationshipAssessed, RelationshipStrengthened]
    fallen = decide(Published(400_000, "occasional"), observed(399_999), STEP)
    assert [type(event) for event in fallen] == [RelationshipAssessed, RelationshipWeakened]
    assert (fallen[1].previous_band, fallen[1].band) == ("occasional", "sporadic")


@given(st.lists(st.integers(0, 1_000_000), max_size=30))
def test_who_hears_all_is_never_further_off_than_a_step(strengths: list[int]) -> None:
    state, told = Published(), []
    for strength in strengths:
        events = decide(state, observed(strength), STEP)
        state = reduce(evolve, events, state)
        told += [event for event in events if isinstance(event, RelationshipAssessed)]
        assert state.strength is not None
        assert abs(state.strength - strength) < STEP
        assert state.band == band_of(strength)
        assert decide(state, observed(strength), STEP) == (), "said once, it is not said again"
    for one, other in pairwise(told):
        assert other.previous_strength == one.strength


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12), st.sets(st.integers(0, 7), min_size=1))
def test_groups_are_what_is_connected_among_the_known(pairs: list[tuple[int, int]], known: set[int]) -> None:
    links: dict[str, list[str]] = {str(member): [] for member in known}
    for one, other in pairs:
        if one in known:
            links[str(one)].append(str(other))
    found = groups(links)
    assert sorted(member for group in found for member in group) == sorted(links)
    joined = {member: {member} for member in links}
    for _ in links:
        for member, others in links.items():
            for other in others:
                if other in joined:
                    both = joined[member] | joined[other]
                    for each in both:
                        joined[each] = both
    assert {tuple(group) for group in found} == {tuple(sorted(group)) for group in joined.values()}


async def test_two_who_publish_the_same_say_it_once() -> None:
    codec, log = Codec([contract]), MemoryEventLog(contract.LOG)
    policy = default_policy()
    committer = Committer(log)
    running = asyncio.create_task(committer.run())
    try:
        one, other = (RelationshipPublisher(Executor(log, codec, committer), policy.publish_step) for _ in range(2))
        at = datetime(2026, 6, 30, 4, tzinfo=UTC)
        calm, upset = (assessed(story) for story in (ordinary(3), unresolved_complainer(3)))
        for publisher in (one, other, one, other):
            await publisher.publish([calm], at)
        assert await log.head() == 1
        await asyncio.gather(one.publish([upset], at), other.publish([upset], at))
        head = await log.head()
        types = [record.type for record in await log.read(0, 10)]
        assert types.count("relationship.assessed") == 2
        await asyncio.gather(one.publish([upset], at), other.publish([upset], at))
        assert await log.head() == head
    finally:
        running.cancel()


def assessed(story: Any) -> Any:
    policy = default_policy()
    working = Working()
    for envelope in story.history.envelopes:
        feed(working, envelope, policy.refold("Asia/Shanghai"))
    return assess(working.freeze(), policy, day_of(TODAY), story.history.key)
