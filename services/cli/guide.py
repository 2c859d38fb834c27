"""What `guanxi up` shows once the services are there: the demo bank's scores, where the documentation is, a token."""

import asyncio
import signal
import sys
from contextlib import suppress

from services.cli import loading
from services.cli.client import Api
from services.cli.connection import connect
from services.cli.demo.world import World
from services.cli.demonstrating import CUSTOMERS, SEED, YEARS, business_day, load, show_cast, world_of
from services.cli.errors import CliError, Unreachable
from services.cli.lag import behind
from services.cli.options import run, settings
from services.cli.output import err, out
from services.cli.relationships import ranking, rendered

STARTING = 120.0
SCORING = 120.0
PAUSE = 0.5
SHOWN = 5


async def guide(*, demo: bool) -> None:
    """Waits for the services, loads and shows the demo bank where asked to, and says where to go on."""
    given = settings()
    host = f"[{given.host}]" if ":" in given.host else given.host
    url = f"http://{host}:{given.port}"
    async with Api(connect(url, None)) as session:
        await _ready(session)
        if demo:
            await _demo(session)
        out.print(f"\nAPI documentation  {url}/docs", markup=False)
        if given.dev_tokens:
            out.print(f"A token (8 hours)  {await session.token()}\n", markup=False, soft_wrap=True)
        if given.port != 8000:
            out.print(f"export GUANXI_URL={url}", markup=False)
        out.print("Try guanxi top, guanxi show CUSTOMER, guanxi verify, guanxi doctor", markup=False)


async def _ready(session: Api) -> None:
    waited = 0.0
    while waited < STARTING:
        with suppress(Unreachable):
            if (await session.ready("customer"))[0]:
                return
        await asyncio.sleep(0.2)
        waited += 0.2
    raise CliError("the services did not become ready; their messages say why")


async def _demo(session: Api) -> None:
    world = await world_of(session, World(SEED, CUSTOMERS, YEARS, business_day()))
    marker = settings().data / "demo-loaded"
    if not marker.exists():
        out.print("Loading the demo bank")
        report = await load(session, world)
        loading.show(report)
        if not report.rejected:
            marker.write_text(world.system + "\n")
        show_cast(world)
    with err.status("scoring"):
        await caught_up(session)
    await show_rankings(session)


async def caught_up(session: Api) -> None:
    """Until every event is folded and every assessment and its change of 30 days are made of them, or for a while."""
    for _ in range(round(SCORING / PAUSE)):
        if await behind(session, "scoring", "evidence") == 0 and not await _pending(session):
            return
        await asyncio.sleep(PAUSE)


async def _pending(session: Api) -> int:
    return (await session.get("scoring", "/internal/v1/assessments/pending"))["pending"] or 0


async def show_rankings(session: Api) -> None:
    """The strongest, the weakest and the most endangered relationships, with their reasons."""
    for title, order, reverse in (
        ("Strongest", "strength", False),
        ("Weakest", "strength", True),
        ("Most endangered: what fell most in 30 days", "change", False),
    ):
        found = await ranking(session, order, SHOWN, reverse=reverse)
        if found:
            out.print(f"\n{title}", style="bold")
            out.print(await rendered(session, "", found))


def main() -> None:
    """Entry of the process beside the services."""
    # The services' own process answers Ctrl-C; the guide only has to go.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    run(guide(demo="--demo" in sys.argv[1:]))


if __name__ == "__main__":
    main()
