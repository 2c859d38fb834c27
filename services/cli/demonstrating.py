"""`guanxi demo`: the demo bank, through the public API."""

from datetime import UTC, date, datetime
from typing import Annotated

import msgspec
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
    """Load a demo bank with people whose stories you will recognise. Running it twice changes nothing."""
    world = World(seed, customers, years, today.date() if today else business_day())
    world, report = run(_load(api(url, token), world, anew=today is not None, quiet=json))
    if json:
        emit(loading.as_json(report) | {"personas": sheet(world)})
    else:
        loading.show(report)
        show_cast(world)
    if report.rejected:
        raise typer.Exit(1)


async def _load(session: Api, world: World, *, anew: bool, quiet: bool) -> tuple[World, Report]:
    async with session:
        found = world if anew else await world_of(session, world)
        return found, await load(session, found, quiet=quiet)


def business_day() -> date:
    """Today in the installation's time zone."""
    return local_day(datetime.now(UTC), settings().zone)


async def world_of(session: Api, world: World) -> World:
    """The same world at the day it was loaded on, if that was before: then loading it again changes nothing."""
    stem = world.system.removesuffix(world.today.isoformat())
    cursor: str | None = None
    while True:
        page = await session.get("customer", "/v1/institutions", {"limit": 100, "cursor": cursor})
        for each in page["items"]:
            system = (each.get("reference") or {}).get("system", "")
            if system.startswith(stem):
                return msgspec.structs.replace(world, today=date.fromisoformat(system.removeprefix(stem)))
        cursor = page.get("next_cursor")
        if cursor is None:
            return world


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
