"""`guanxi rebuild`: a projection version folded anew from the logs, beside the one that is read."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Annotated

import msgspec
import typer
from aiokafka.errors import KafkaError
from asyncpg import PostgresError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import SQLAlchemyError

from services.cli.client import Api
from services.cli.errors import CliError
from services.cli.options import Json, Token, Url, api, run, settings
from services.cli.output import emit, err, out, table
from services.cli.projections import LOGS, Kept, codec, projections
from services.cli.remote_log import RemoteLog
from services.scoring.tables import Assessments
from shared.codec import SchemaTooNew
from shared.database import Database
from shared.feed import Offsets
from shared.feed_kafka import group_name
from shared.handover import CannotHandOver, hand_over
from shared.lease import Leases
from shared.log import LogReader, LogUnavailable
from shared.publisher import partition_of
from shared.rebuild import CannotRebuild, Live, Rebuild
from shared.runtime.kernel import lease_name
from shared.runtime.metrics import Metrics
from shared.runtime.resources import InUse, Resources
from shared.runtime.settings import Settings
from shared.stores import open_store
from shared.topic_ends import end_offsets, members
from shared.topics import Topics, TopicsDiffer

MOMENT = 1.0
SHOWN = 20

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[PROJECTION…]", help="Which; every one that is not live yet without any.")
]
Anew = Annotated[
    bool, typer.Option("--anew", help="Empty the tables of the live version and fold it again; nothing may fold it.")
]


class Rebuilt(msgspec.Struct, frozen=True):
    """What was done. `was` is the version that was read before; `different` counts rows that a second fold denies."""

    projection: str
    version: int
    was: int
    events: int
    parked: int
    different: int
    seconds: float
    faults: list[str] = []


class Site(msgspec.Struct, frozen=True):
    """Where a rebuild works."""

    settings: Settings
    resources: Resources
    session: Api


def rebuild(
    names: Names = None, *, anew: Anew = False, json: Json = False, url: Url = None, token: Token = None
) -> None:
    """Fold projections from the logs, check them, and let readers use them.

    With Kafka the logs are read from the running services and workers of the new version go on where this ends; on
    SQLite Guanxi must be stopped.
    """
    done = run(_rebuild(names or [], anew=anew, site=(url, token)))
    if json:
        emit(done)
    else:
        _print(done)
    if any(each.different for each in done):
        raise typer.Exit(1)


def _chosen(names: Sequence[str]) -> list[Kept]:
    kept = {each.projection.name: each for each in projections()}
    if not kept.keys() >= set(names):
        raise CliError(f"there is no projection of this name; there are {', '.join(kept)}")
    return [kept[name] for name in names or kept]


async def _rebuild(names: Sequence[str], *, anew: bool, site: tuple[str | None, str | None]) -> list[Rebuilt]:
    done: list[Rebuilt] = []
    chosen, given = _chosen(names), settings()
    async with AsyncExitStack() as stack:
        resources = Resources(given, Metrics())
        stack.push_async_callback(resources.close)
        session = await stack.enter_async_context(api(*site))
        place = Site(given, resources, session)
        for kept in chosen:
            try:
                done.append(await _one(place, kept, anew=anew))
            except Live as live:
                if names:
                    raise CliError(str(live)) from None
                err.print(str(live), markup=False)
            except (CannotRebuild, CannotHandOver, TopicsDiffer, SchemaTooNew) as error:
                raise CliError(str(error)) from error
            except InUse:
                raise CliError("Guanxi runs on this data folder: stop it, then rebuild") from None
            except (SQLAlchemyError, PostgresError, KafkaError, LogUnavailable, OSError) as error:
                raise CliError(f"{kept.projection.name} cannot be rebuilt: {_reason(error)}") from error
    return done


async def _one(site: Site, kept: Kept, *, anew: bool) -> Rebuilt:
    began = time.monotonic()
    projection = kept.projection
    database = await _database(site, kept)
    # A log feed passes over what other topics carry, exactly as the projection's own consumer never sees it.
    logs = [await _log(site, kept, log) for log in kept.logs]
    build = Rebuild(projection, database, logs, codec(), topics=kept.topics or None, row_seen=kept.row_seen)
    if anew:
        await _unused(site, kept, database)
    was = await build.begin(anew=anew)
    noted = await _noted(site.settings, kept)
    events = await _fold(build, projection.name, logs)
    faults = await build.differences()
    parked = (await build.store.waiting()).events
    if not faults:
        if noted:
            await hand_over(build.store, noted, lambda key: partition_of(key.encode(), len(noted)))
        await _forget_assessments(kept, database)
        await build.finish()
    told = [f"{fault.view} {fault.id} is {fault.what}" for fault in faults[:SHOWN]]
    seconds = round(time.monotonic() - began, 3)
    return Rebuilt(projection.name, projection.version, was, events, parked, len(faults), seconds, told)


async def _database(site: Site, kept: Kept) -> Database:
    """The service's database, and on SQLite nobody else in it."""
    database = await site.resources.database(kept.service)
    if database.path is not None and not database.path.exists():
        raise CliError(f"there is no {database.path.name} in the data folder: GUANXI_DATA names another?")
    await site.resources.own(kept.service)
    return database


async def _log(site: Site, kept: Kept, log: str) -> LogReader:
    """A service's own log lies in the database that is rebuilt; with Kafka, others' are asked for over HTTP."""
    service = LOGS[log]
    if site.settings.kafka is None or service == kept.service:
        return await site.resources.log(log, store=service)
    return RemoteLog(site.session, service, log)


async def _noted(given: Settings, kept: Kept) -> dict[int, Offsets]:
    """Where live workers of the new version are to go on; nothing where they read the log itself."""
    if given.kafka is None or not kept.topics:
        return {}
    return await end_offsets(given.kafka, Topics(given.topic_prefix).names(kept.topics))


async def _unused(site: Site, kept: Kept, database: Database) -> None:
    """Nobody folds this version. Raises `CannotRebuild`; on SQLite this process is alone anyway."""
    if database.dialect == "sqlite":
        return
    name, given = kept.projection.name, site.settings
    store = open_store(kept.projection, database)
    await store.prepare()
    if given.kafka is not None and kept.topics:
        if await members(given.kafka, group_name(given.topic_prefix, kept.service, kept.projection)):
            raise CannotRebuild(f"workers fold this version of {name}: stop them first")
    elif await store.active() == kept.projection.version and await Leases(database).held(lease_name(kept.service)):
        raise CannotRebuild(f"the {kept.service} service folds this version of {name}: stop it first")
    before = await store.all_cursors()
    await asyncio.sleep(MOMENT)
    if await store.all_cursors() != before:
        raise CannotRebuild(f"somebody folds this version of {name}: stop it first")


async def _fold(build: Rebuild, name: str, logs: Sequence[LogReader]) -> int:
    columns = TextColumn("{task.description:<22}"), BarColumn(bar_width=32), MofNCompleteColumn(), TimeElapsedColumn()
    total = sum([await log.head() for log in logs])
    with Progress(*columns, console=err) as bars:
        task = bars.add_task(name, total=total)

        def told(left: int) -> None:
            bars.update(task, completed=max(0, total - left))

        events = await build.fold(told)
        bars.update(task, completed=total)
    return events


async def _forget_assessments(kept: Kept, database: Database) -> None:
    """What was assessed from the rows before would look newer than the rows that were folded now."""
    if kept.service == "scoring":
        assessments = Assessments(database, kept.projection.version)
        await assessments.prepare()
        await assessments.outdate()


def _reason(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0] or type(error).__name__


def _print(done: Sequence[Rebuilt]) -> None:
    for each in done:
        for fault in each.faults:
            out.print(f"  {each.projection}: {fault}", markup=False)
    rows = [
        (
            each.projection,
            each.version,
            f"{each.events:,}",
            each.parked,
            each.different,
            f"{each.seconds:.1f}",
            "not live" if each.different else "live",
        )
        for each in done
    ]
    columns = ("projection", "version", "events", "parked", "different", "seconds", "")
    out.print(table("", columns, rows, right=range(1, 6)) if done else "nothing was to be done")
