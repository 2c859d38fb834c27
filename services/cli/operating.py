"""`guanxi parked`: customers whose events wait for an operator."""

from typing import Annotated, Any
from urllib.parse import quote

import msgspec
import typer

from services.cli.client import Api
from services.cli.errors import ApiError, CliError
from services.cli.options import Json, Token, Url, api, run
from services.cli.output import emit, out, table

PROJECTIONS = {
    "customer_views": "customer",
    "interaction_views": "interaction",
    "interaction_directory": "interaction",
    "complaint_views": "complaint",
    "complaint_directory": "complaint",
    "evidence": "scoring",
}
"""Projection → the service that keeps it."""

parked = typer.Typer(no_args_is_help=True, help="Customers whose events wait because one of them cannot be folded.")

Projection = Annotated[str, typer.Option(help=f"One of {', '.join(PROJECTIONS)}.")]
Key = Annotated[str, typer.Argument(help="The parked key, as the list shows it: usually a customer id.")]


@parked.command("list")
def list_parked(*, json: Json = False, url: Url = None, token: Token = None) -> None:
    """List parked keys of every projection."""

    async def work() -> None:
        async with api(url, token) as session:
            found = [each for name in PROJECTIONS for each in await parked_keys(session, name)]
        if json:
            emit(found)
        elif found:
            rows = [(each["projection"], each["key"], each["waiting"], each["from"]) for each in found]
            out.print(table("", ("projection", "key", "waiting", "from"), rows, right=(2,), whole=(1,)))
        else:
            out.print("nothing is parked")

    run(work())


@parked.command("show")
def show_parked(
    key: Key, *, projection: Projection = "evidence", json: Json = False, url: Url = None, token: Token = None
) -> None:
    """Show what waits for a key, in order."""

    async def work() -> None:
        async with api(url, token) as session:
            try:
                found = await session.get(_keeper(projection), _path(projection, key))
            except ApiError as error:
                if error.status == 404:
                    raise CliError(f"nothing is parked under this key in {projection}") from None
                raise
        if json:
            emit(found)
        else:
            rows = [(each["channel"], each["position"], each["parked_at"][:19], each["error"]) for each in found]
            out.print(table("", ("channel", "position", "parked at", "failure"), rows, right=(1,)))

    run(work())


@parked.command("retry")
def retry_parked(
    key: Key, *, projection: Projection = "evidence", json: Json = False, url: Url = None, token: Token = None
) -> None:
    """Try a parked key again, once what stopped it is put right."""

    async def work() -> int:
        async with api(url, token) as session:
            reply = await session.post(_keeper(projection), _path(projection, key) + "/retries")
        answer = reply.body
        if json:
            emit(answer)
        else:
            failure = f": {answer['error']}" if answer["error"] else ""
            out.print(f"{answer['applied']} applied, {answer['remaining']} still waiting{failure}", markup=False)
        return answer["remaining"]

    if run(work()):
        raise typer.Exit(1)


async def parked_keys(session: Api, projection: str) -> list[dict[str, Any]]:
    """The keys that wait in a projection: how many deliveries each, and which is the first."""
    rows: dict[str, dict[str, Any]] = {}
    async for line in session.lines(PROJECTIONS[projection], f"/internal/v1/projections/{projection}/parked"):
        delivery = msgspec.json.decode(line)
        key = delivery["key"]
        first = {
            "projection": projection,
            "key": key,
            "waiting": 0,
            "from": f"{delivery['channel']}:{delivery['position']}",
        }
        rows.setdefault(key, first)["waiting"] += 1
    return list(rows.values())


def _keeper(projection: str) -> str:
    if projection not in PROJECTIONS:
        raise CliError(f"there is no projection of this name; there are {', '.join(PROJECTIONS)}")
    return PROJECTIONS[projection]


def _path(projection: str, key: str) -> str:
    return f"/internal/v1/projections/{projection}/parked/{quote(key, safe='')}"
