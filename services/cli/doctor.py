"""`guanxi doctor`: what is configured, reachable, migrated and up to date, and whether anything waits for somebody."""

import asyncio
from collections.abc import Iterable
from typing import Any

import typer
from aiokafka.errors import KafkaError

from services.cli.client import Api
from services.cli.connection import SERVICES, connect
from services.cli.errors import CliError, Unreachable
from services.cli.lag import NOTHING, behind
from services.cli.operating import parked_keys
from services.cli.options import Json, Token, Url, run, settings
from services.cli.output import emit, out, table
from services.cli.projections import LOGS, projections
from services.cli.remote_log import standing
from services.cli.setup import short_topics
from shared.topics import Topics, TopicsDiffer, partition_count

PATIENCE = 10.0
LATE = 60.0
"""Seconds after which an event that is not published yet means that no relay works."""

Found = dict[str, Any]


def doctor(*, json: Json = False, url: Url = None, token: Token = None) -> None:
    """Say what is configured, reachable, migrated and up to date. Exits with 1 when something is wrong."""

    async def work() -> Found:
        connection = connect(url, token)
        async with Api(connection, attempts=1) as session:
            return await _examined(session, [name for name in SERVICES if name in connection.urls])

    found = run(work())
    if json:
        emit(found)
    else:
        _print(found)
    if found["wrong"]:
        raise typer.Exit(1)


async def _examined(session: Api, named: list[str]) -> Found:
    given = settings()
    answers = await asyncio.gather(*(_service(session, name) for name in named))
    found: Found = {
        "configured": {"env": given.env, "feed": given.feed.partition("://")[0], "timezone": given.timezone},
        "services": dict(zip(named, answers, strict=True)),
        "logs": {log: await _log(session, log) for log, service in LOGS.items() if service in named},
        "broker": await _broker() if given.kafka else None,
    }
    found["wrong"] = list(_wrong(found))
    return found


async def _service(session: Api, name: str) -> Found:
    """Whether it answers and is ready, its checks, and per projection what is not folded and what is parked."""
    try:
        ready, document = await session.ready(name)
    except Unreachable:
        return {"reachable": False, "ready": False, "checks": {}, "lag": {}, "parked": {}}
    checks = {
        check: result
        for check, result in (document or {}).get("checks", {}).items()
        if check.partition(".")[0] in (name, "guanxi") or "." not in check
    }
    kept = [each.projection.name for each in projections() if each.service == name]
    lag = {projection: await _lag(session, name, projection) for projection in kept}
    parked = {projection: await _parked(session, projection) for projection in kept}
    return {"reachable": True, "ready": ready, "checks": checks, "lag": lag, "parked": parked}


async def _lag(session: Api, service: str, projection: str) -> int | str:
    try:
        async with asyncio.timeout(PATIENCE):
            return await behind(session, service, projection)
    except (CliError, KafkaError, TopicsDiffer, OSError, TimeoutError) as error:
        return str(error) or type(error).__name__


async def _parked(session: Api, projection: str) -> int | str:
    try:
        return len(await parked_keys(session, projection))
    except CliError as error:
        return str(error)


async def _log(session: Api, log: str) -> Found:
    """The log's head, and what its relay has not published; `error` where it cannot be read."""
    try:
        told = await standing(session, LOGS[log], log)
    except CliError as error:
        return {"error": str(error)}
    published = told["published"]
    waiting = None if published is None else told["head"] - published
    return {"head": told["head"], "unpublished": waiting, "seconds": told["unpublished_seconds"]}


async def _broker() -> Found:
    """Whether the broker answers and every topic is there with the partitions that are configured."""
    given = settings()
    try:
        async with asyncio.timeout(PATIENCE):
            count = await partition_count(given.kafka or "", Topics(given.topic_prefix).names(short_topics()))
    except TopicsDiffer as error:
        return {"reachable": True, "topics": str(error)}
    except (KafkaError, OSError, TimeoutError) as error:
        return {"reachable": False, "topics": type(error).__name__}
    if count != given.partitions:
        return {"reachable": True, "topics": f"they have {count} partitions, and {given.partitions} are configured"}
    return {"reachable": True, "topics": "ok"}


def _wrong(found: Found) -> Iterable[str]:
    for name, each in found["services"].items():
        yield from _wrong_service(name, each)
    for log, each in found["logs"].items():
        if (each.get("seconds") or 0) > LATE:
            yield f"the log {log} is not published since {each['seconds']:.0f} seconds"
    broker = found["broker"]
    if broker is not None and not broker["reachable"]:
        yield f"the broker is not reachable: {broker['topics']}"
    elif broker is not None and broker["topics"] != "ok":
        yield f"topics: {broker['topics']}"


def _wrong_service(name: str, found: Found) -> Iterable[str]:
    if not found["ready"]:
        yield f"{name} is {'not ready' if found['reachable'] else 'not there'}"
    for projection, lag in found["lag"].items():
        if isinstance(lag, str) and lag != NOTHING:
            yield f"{projection}: {lag}"
    for projection, keys in found["parked"].items():
        if keys:
            yield f"{projection}: {keys} parked" if isinstance(keys, int) else f"{projection}: {keys}"


def _print(found: Found) -> None:
    out.print("configured here: " + ", ".join(f"{name} {value}" for name, value in found["configured"].items()))
    rows = []
    for name, each in found["services"].items():
        failing = [f"{check}: {result}" for check, result in each["checks"].items() if result != "ok"]
        lag = ", ".join(f"{projection} {behind}" for projection, behind in each["lag"].items())
        state = "ready" if each["ready"] else "not ready" if each["reachable"] else "not reachable"
        rows.append((name, state, "; ".join(failing) or f"{len(each['checks'])} checks ok", lag))
    out.print(table("", ("service", "state", "checks", "events behind"), rows))
    logs = [
        (log, each["head"], "" if each["unpublished"] is None else each["unpublished"], f"{each['seconds'] or 0:.1f}")
        for log, each in found["logs"].items()
        if "error" not in each
    ]
    if logs:
        out.print(table("", ("log", "events", "not published", "seconds"), logs, right=(1, 2, 3)))
    if found["broker"]:
        state = "reachable" if found["broker"]["reachable"] else "not reachable"
        out.print(f"broker {state}, topics {found['broker']['topics']}", markup=False)
    for each in found["wrong"]:
        out.print(f"  {each}", markup=False, style="red")
    out.print("something is wrong" if found["wrong"] else "all is well")
