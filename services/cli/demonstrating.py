"""`guanxi demo`: the demo bank, through the public API."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from services.cli import loading
from services.cli.client import Api
from services.cli.demo.generate import personas, stages
from services.cli.demo.world import World
from services.cli.options import Json, Token, Url, api, run, settings
from services.cli.output import emit, out, table
from services.cli.report import Report
from shared.times import local_day

SEED, CUSTOMERS, YEARS = 7, 200, 2


def demo(
    *,
    seed: Annotated[int, typer.Option(help="Another seed makes another bank.")] = SEED,
    customers: Annotated[int, typer.Option(min=1, max=9999, help="How many customers.")] = CUSTOMERS,
    years: Annotated[int, typer.Option(min=1, max=20, help="How many years of history.")] = YEARS,
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day the story has reached.", show_default="today")
    ] = None,
    json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Load a demo bank with people whose stories you will recognise. Running it twice on one day changes nothing."""
    world = World(seed, customers, years, today.date() if today else local_day(datetime.now(UTC), settings().zone))
    report = run(_load(api(url, token), world, quiet=json))
    if json:
        emit(loading.as_json(report) | {"personas": sheet(world)})
    else:
        loading.show(report)
        show_cast(world)
    if report.rejected:
        raise typer.Exit(1)


async def _load(session: Api, world: World, *, quiet: bool) -> Report:
    async with session:
        return await load(session, world, quiet=quiet)


async def load(session: Api, world: World, *, quiet: bool = False) -> Report:
    """Loads the demo bank of this world into a running Guanxi."""
    return await loading.load(session, stages(world), quiet=quiet)


def sheet(world: World) -> list[dict[str, str]]:
    """Who is who: id, name and story of the customers with a part of their own."""
    return [
        {
            "id": world.customer(each),
            "name": each.name,
            "kind": each.kind,
            "story": each.story.name,
            "tells": each.story.tells,
        }
        for each in personas(world)
        if each.named
    ]


def show_cast(world: World) -> None:
    """The people to look at first."""
    out.print("\nWho is who (guanxi show ID explains each)", style="bold")
    rows = [(each["name"], each["story"].replace("_", " "), each["id"]) for each in sheet(world)]
    out.print(table("", ("name", "story", "id"), rows, whole=(2,)))
