"""The demo bank repeats exactly, lies in the past, and tells its stories."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import msgspec
import pytest

from services.cli.actions import ROUTES, Action
from services.cli.demo.cast import NAMED, Persona
from services.cli.demo.generate import actions, personas
from services.cli.demo.stories import STORIES
from services.cli.demo.world import World

TODAY = date(2026, 11, 21)
WORLD = World(7, 60, 2, TODAY)


@pytest.fixture(scope="module")
def everything() -> list[Action]:
    return list(actions(WORLD))


def named(story: str) -> Persona:
    return next(each for each in personas(WORLD) if each.named and each.story.name == story)


def of(everything: list[Action], kind: str, persona: Persona) -> list[Action]:
    return [each for each in everything if each.kind == kind and persona.key in each.key]


def day(action: Action) -> date:
    return date.fromisoformat(action.body["occurred_at"][:10])


def own(everything: list[Action], persona: Persona) -> list[Action]:
    return [each for each in of(everything, "transaction", persona) if each.body["initiated_by"] == "customer"]


def test_the_same_seed_gives_the_same_bytes(everything):
    assert msgspec.json.encode(list(actions(WORLD))) == msgspec.json.encode(everything)


def test_another_seed_gives_another_bank(everything):
    other = list(actions(World(8, 60, 2, TODAY)))
    assert msgspec.json.encode([each.body for each in other]) != msgspec.json.encode([each.body for each in everything])


def test_the_whole_bank_has_the_size_that_loads_in_half_a_minute():
    assert 25_000 <= sum(1 for _ in actions(World(7, 200, 2, TODAY))) <= 40_000


def test_every_story_and_every_kind_of_customer_is_there():
    sheet = personas(World(7, 200, 2, TODAY))
    assert {each.story.name for each in sheet} == {story.name for story in STORIES}
    assert {each.kind for each in sheet} == {"personal", "enterprise", "public_body", "peer_institution", "group"}
    tiers = {each.body["tier"] for each in actions(World(7, 200, 2, TODAY)) if each.kind == "tier"}
    assert tiers == {"gold", "key", "quasi_key", "ordinary", "marginal"}
    assert len({each.name for each in sheet}) == len(sheet)
    assert [each.name for each in sheet[: len(NAMED)]] == [name for _, _, name in NAMED]


def test_nothing_happens_in_the_future_or_before_its_customer(everything):
    since = {each.key: each.since for each in personas(WORLD)}
    for action in everything:
        if "occurred_at" in action.body:
            assert day(action) < TODAY
            if action.kind != "institution":
                key = next(part for part in since if part in action.key)
                assert day(action) >= since[key]


def test_every_kind_has_a_route_and_every_key_names_one_action(everything):
    assert {each.kind for each in everything} <= set(ROUTES)
    assert max(Counter((each.kind, each.key) for each in everything).values()) == 1


def test_no_account_is_overdrawn(everything):
    balances = {
        each.key: int(each.body.get("opening_balance", {"amount": "0"})["amount"].replace(".", ""))
        for each in everything
        if each.kind == "account"
    }
    by_id = {WORLD.id("acc", key.partition(":")[2]): amount for key, amount in balances.items()}
    for action in everything:
        if action.kind == "transaction":
            amount = int(action.body["amount"]["amount"].replace(".", ""))
            sign = 1 if action.body["credit_debit_indicator"] == "CRDT" else -1
            by_id[action.body["account_id"]] += sign * amount
            assert by_id[action.body["account_id"]] >= 0


def test_the_silent_leaver_never_complained_and_then_fell_silent(everything):
    persona = named("silent_leaver")
    days = sorted(day(each) for each in own(everything, persona))
    assert days[-1] <= TODAY - timedelta(days=33)
    assert max((after - before).days for before, after in pairwise(days)) < 30
    assert of(everything, "complaint", persona) == []
    assert any(each.body.get("external") == "out" for each in own(everything, persona)[-6:])


def test_the_rescued_complainer_was_answered_in_days_and_the_other_never(everything):
    rescued, waiting = named("rescued_complainer"), named("unresolved_complainer")
    [received] = of(everything, "complaint", rescued)
    [answered] = of(everything, "complaint_communicated", rescued)
    assert (day(answered) - day(received)).days <= 5
    assert of(everything, "complaint_confirmed", rescued)[0].body["answer"] == "satisfied"
    assert len(of(everything, "complaint", waiting)) == 1
    assert of(everything, "complaint_communicated", waiting) == []


def test_the_neglected_key_customer_is_as_rich_as_the_close_one_but_nobody_calls(everything):
    neglected, close = named("neglected_key_customer"), named("close_key_customer")
    assert min(neglected.balance, close.balance) >= 500_000

    def talks(persona: Persona) -> list[Action]:
        recent = TODAY - timedelta(days=180)
        return [each for each in of(everything, "interaction", persona) if day(each) >= recent]

    assert talks(neglected) == []
    assert len(talks(close)) >= 6
    assert day(own(everything, neglected)[-1]) > TODAY - timedelta(days=30)


def test_the_money_mover_still_pays_but_the_money_has_gone(everything):
    persona = named("money_mover")
    recent = [each for each in own(everything, persona) if day(each) > TODAY - timedelta(days=25)]
    assert recent
    out = [
        int(each.body["amount"]["amount"].split(".")[0])
        for each in own(everything, persona)
        if each.body.get("external") == "out"
    ]
    assert sum(sorted(out)[-4:]) > persona.balance * 0.5


def test_the_dormant_and_the_newcomer_and_the_over_contacted(everything):
    dormant, newcomer, pestered = named("dormant_long_tenure"), named("newcomer"), named("over_contacted")
    assert (TODAY - dormant.since).days > 14 * 365
    assert all((TODAY - day(each)).days > 365 for each in own(everything, dormant))
    assert (TODAY - newcomer.since).days < 70
    sent = [each for each in of(everything, "interaction", pestered) if each.body.get("message")]
    assert sum((TODAY - day(each)).days <= 90 for each in sent) >= 9


def test_promises_are_kept_in_time_or_left_to_the_clock(everything):
    due = {each.key: date.fromisoformat(each.body["due"]) for each in everything if each.kind == "promise"}
    for action in everything:
        if action.kind == "promise_kept":
            assert day(action) <= due[action.key]
    broken = named("promises_broken")
    assert len(of(everything, "promise", broken)) == 3
    assert of(everything, "promise_kept", broken) == []
