"""`guanxi parked` and `guanxi doctor`: what an operator looks at first."""

import asyncio
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
import typer

from services.cli.client import Api
from services.cli.connection import SERVICES, connect
from services.cli.errors import ApiError, CliError, Unreachable
from services.cli.options import Json, Token, Url, api, run, settings
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

LOGS = {"customer": "customer", "interaction": "interaction", "complaint": "complaint", "relationship": "scoring"}
MOST = 100_000
parked = typer.Typer(no_args_is_help=True, help="Customers whose events wait because one of them cannot be folded.")

Projection = Annotated[str, typer.Option(help=f"One of {', '.join(PROJECTIONS)}.")]
Key = Annotated[str, typer.Argument(help="The parked key, as the list shows it: usually a customer id.")]


@parked.command("list")
def list_parked(*, json: Json = False, url: Url = None, token: Token = None) -> None:
    """List parked keys of every projection."""

    async def work() -> None:
        async with api(url, token) as session:
            found = [each for name in PROJECTIONS for each in await _parked(session, name)]
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


def doctor(*, json: Json = False, url: Url = None, token: Token = None) -> None:
    """Say what is configured, reachable, migrated and up to date."""

    async def work() -> bool:
        given = settings()
        found: dict[str, Any] = {
            "configured": {"env": given.env, "feed": given.feed.partition("://")[0], "timezone": given.timezone},
            "services": await _services(url, token),
        }
        if json:
            emit(found)
        else:
            _print(found)
        return all(each["ready"] for each in found["services"].values())

    if not run(work()):
        raise typer.Exit(1)


async def _services(url: str | None, token: str | None) -> dict[str, dict[str, Any]]:
    """Per service: whether it answers and is ready, its checks, and how far its projections are behind."""
    connection = connect(url, token)
    async with Api(connection, attempts=1) as session:
        named = [name for name in SERVICES if name in connection.urls]
        answers = await asyncio.gather(*(_service(session, name) for name in named))
    return dict(zip(named, answers, strict=True))


async def _service(session: Api, name: str) -> dict[str, Any]:
    try:
        ready, document = await session.ready(name)
    except Unreachable:
        return {"reachable": False, "ready": False, "checks": {}, "lag": {}}
    checks = {
        check: result
        for check, result in (document or {}).get("checks", {}).items()
        if check.partition(".")[0] in (name, "guanxi") or "." not in check
    }
    return {"reachable": True, "ready": ready, "checks": checks, "lag": await _lag(session, name)}


async def _lag(session: Api, service: str) -> dict[str, int | str]:
    """Projection → events in the logs that it has not folded yet, as of its cursors."""
    found: dict[str, int | str] = {}
    for projection in (name for name, keeper in PROJECTIONS.items() if keeper == service):
        try:
            found[projection] = await behind(session, service, projection)
        except CliError as error:
            found[projection] = str(error)
    return found


async def behind(session: Api, service: str, projection: str) -> int | str:
    """How many events of the logs the projection has not folded yet, or why that cannot be told."""
    offsets: dict[str, int] = {}
    async for line in session.lines(service, f"/internal/v1/projections/{projection}/cursors"):
        offsets |= msgspec.json.decode(line)["offsets"]
    if not offsets or set(offsets) - set(LOGS):
        return "reads Kafka: see its consumer group's lag"
    behind = 0
    for log, offset in offsets.items():
        async for _ in session.lines(LOGS[log], f"/internal/v1/logs/{log}", {"after": offset, "limit": MOST}):
            behind += 1
    return behind


async def _parked(session: Api, projection: str) -> list[dict[str, Any]]:
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


def _print(found: dict[str, Any]) -> None:
    out.print("configured here: " + ", ".join(f"{name} {value}" for name, value in found["configured"].items()))
    rows = []
    for name, each in found["services"].items():
        failing = [f"{check}: {result}" for check, result in each["checks"].items() if result != "ok"]
        lag = ", ".join(f"{projection} {behind}" for projection, behind in each["lag"].items())
        state = "ready" if each["ready"] else "not ready" if each["reachable"] else "not reachable"
        rows.append((name, state, "; ".join(failing) or f"{len(each['checks'])} checks ok", lag))
    out.print(table("", ("service", "state", "checks", "events behind"), rows))


def _keeper(projection: str) -> str:
    if projection not in PROJECTIONS:
        raise CliError(f"there is no projection of this name; there are {', '.join(PROJECTIONS)}")
    return PROJECTIONS[projection]


def _path(projection: str, key: str) -> str:
    return f"/internal/v1/projections/{projection}/parked/{quote(key, safe='')}"
