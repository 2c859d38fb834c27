"""The demo bank through the public API: its stories come out in the order in which they were planted."""

import asyncio
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from services.cli.client import Api
from services.cli.demo.generate import personas, stages
from services.cli.demo.world import World
from services.cli.demonstrating import world_of
from services.cli.guide import caught_up
from services.cli.loader import Loader

pytestmark = pytest.mark.slow


async def broken_by_the_clock(embedded: Api, world: World) -> None:
    """Nobody says that a promise was broken: the sweep does, seconds after it was recorded."""
    customer = next(world.customer(each) for each in personas(world) if each.story.name == "promises_broken")
    for _ in range(60):
        explained = await embedded.get("scoring", f"/v1/relationships/{customer}/explanation")
        trust = next(bond for bond in explained["bonds"] if bond["name"] == "trust")
        if sum(line["kind"] == "broken" for line in trust["lines"]) == 3:
            return
        await asyncio.sleep(1)
    raise AssertionError("the sweep broke no promise within a minute")


async def test_the_stories_are_told_by_the_scores(embedded: Api) -> None:
    world = World(7, 120, 2, datetime.now(UTC).date())
    report = await Loader(embedded).load(stages(world))
    assert report.rejected == 0, report.samples
    assert sum(tally.accepted for tally in report.stages) == report.sent
    await caught_up(embedded)
    await broken_by_the_clock(embedded, world)

    strengths: dict[str, list[float]] = {}
    for persona in personas(world):
        found = await embedded.get("scoring", f"/v1/relationships/{world.customer(persona)}")
        strengths.setdefault(persona.story.name, []).append(found["strength"])
    middle = {story: median(found) for story, found in strengths.items()}
    assert middle["close_key_customer"] > middle["neglected_key_customer"] + 4 > middle["ordinary"] + 8
    assert abs(middle["rescued_complainer"] - middle["ordinary"]) < 3
    assert middle["ordinary"] > middle["unresolved_complainer"] + 5
    assert middle["ordinary"] > middle["promises_broken"] + 2
    assert middle["ordinary"] > middle["money_mover"]
    assert middle["over_contacted"] > middle["silent_leaver"] + 8
    assert min(middle["newcomer"], middle["unresolved_complainer"]) > middle["dormant_long_tenure"] + 8

    tomorrow = World(7, 120, 2, world.today + timedelta(days=1))
    assert await world_of(embedded, tomorrow) == world
    again = await Loader(embedded).load(stages(world))
    assert [tally.accepted for tally in again.stages] == [0] * len(again.stages)
