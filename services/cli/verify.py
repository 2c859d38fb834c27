"""`guanxi verify`: nothing lost, nothing doubled, every projection byte for byte what the logs give."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import msgspec
import typer

from services.cli.client import Api
from services.cli.errors import CliError
from services.cli.options import Json, Token, Url, api, run
from services.cli.output import emit, out, table
from services.cli.projections import LOGS, Kept, codec, projections
from shared import wire
from shared.codec import Codec, SchemaTooNew, Undecodable
from shared.envelope import Envelope
from shared.publisher import partition_of
from shared.verification import Difference, LogCheck, Place, ProjectionCheck, Snapshot

SETTLING = 5
PAUSE = 1.0
SHOWN = 20


class Report(msgspec.Struct):
    """What was found. `events` are the rows of all logs."""

    events: int = 0
    lost: int = 0
    doubled: int = 0
    different: int = 0
    parked: int = 0
    logs: dict[str, int] = {}
    faults: list[str] = []

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong; parked events wait for an operator and are counted apart."""
        return not (self.lost or self.doubled or self.different)


class _State(msgspec.Struct):
    view: str
    id: str
    data: bytes


class _Place(msgspec.Struct):
    channel: str
    position: int


class _Cursor(msgspec.Struct):
    version: int
    partition: int
    seen: dict[str, int]


def verify(*, json: Json = False, url: Url = None, token: Token = None) -> None:
    """Read every log and every projection, fold the logs anew, and compare. Exits with 1 when something is wrong."""

    async def work() -> Report:
        async with api(url, token) as session:
            return await verified(session)

    report = run(work())
    if json:
        emit(report)
    else:
        _print(report)
    if not report.clean:
        raise typer.Exit(1)


async def verified(session: Api) -> Report:
    """The report of a running Guanxi. Raises CliError where it folds other versions than this code."""
    known = codec()
    report = Report(logs={}, faults=[])
    parked: set[Place] = set()
    checks = [(audit, await _check(session, audit, parked)) for audit in projections()]
    for log, service in LOGS.items():
        beside = [check for audit, check in checks if log in audit.logs]
        await _read_log(session, known, service, log, report, beside)
    report.parked = len(parked)
    for audit, check in checks:
        await _conclude(session, audit, check, report)
    return report


async def _check(session: Api, audit: Kept, parked: set[Place]) -> ProjectionCheck:
    """The projection as it stands between two equal looks at its cursors, or as its rows themselves tell."""
    for _ in range(SETTLING):
        snapshot = await _snapshot(session, audit)
        if snapshot.reached == await _cursors(session, audit):
            break
        await asyncio.sleep(PAUSE)
    else:
        if audit.row_seen is None:
            raise CliError(f"{audit.projection.name} keeps changing: try again when less is being written")
        snapshot = await _snapshot(session, audit)
    parked |= snapshot.parked
    return ProjectionCheck(audit.projection, snapshot, _partition(snapshot.reached), audit.row_seen)


async def _snapshot(session: Api, audit: Kept) -> Snapshot:
    reached = await _cursors(session, audit)
    timeline = await _places(session, audit, "timeline") if audit.projection.timeline else None
    waiting = await _places(session, audit, "parked")
    rows = {(state.view, state.id): state.data async for state in _read(session, audit, "states", _State)}
    return Snapshot(rows, reached, timeline, waiting)


async def _cursors(session: Api, audit: Kept) -> dict[int, dict[str, int]]:
    found = [cursor async for cursor in _read(session, audit, "cursors", _Cursor)]
    if any(cursor.version != audit.projection.version for cursor in found):
        raise CliError(f"{audit.projection.name} is folded by another version, time zone or policy than this command's")
    return {cursor.partition: cursor.seen for cursor in found}


def _partition(cursors: Mapping[int, Any]) -> Callable[[str], int]:
    """Log feeds have partition 0 alone; Kafka's are by key."""
    count = max(cursors, default=0) + 1
    return lambda key: partition_of(key.encode(), count)


async def _read_log(
    session: Api, codec: Codec, service: str, log: str, report: Report, checks: list[ProjectionCheck]
) -> None:
    positions = LogCheck()
    async for line in session.lines(service, f"/internal/v1/logs/{log}"):
        try:
            envelope = wire.decode(line, (), codec)
        except Undecodable:
            origin = wire.origin(line, (), codec)
            if origin is None:
                report.faults.append(f"{log}: a line that is no event")
            else:
                positions.take(origin[1], "", None)
            continue
        except SchemaTooNew as error:
            raise CliError(f"the log {log} was written by newer code: {error}") from error
        positions.take(envelope.position, envelope.type, _reference(envelope))
        for check in checks:
            check.take(envelope)
    report.events += positions.events
    report.lost += positions.lost
    report.doubled += positions.doubled
    report.logs[log] = positions.events


def _reference(envelope: Envelope) -> tuple[str, str] | None:
    reference = getattr(envelope.data, "reference", None)
    return None if reference is None else (reference.system, reference.id)


async def _conclude(session: Api, audit: Kept, check: ProjectionCheck, report: Report) -> None:
    name = audit.projection.name
    missing = set(check.missing)
    if missing:
        # While events keep coming, a page may have been read before its neighbour was written: look again.
        missing -= await _places(session, audit, "timeline") | await _places(session, audit, "parked")
    report.lost += len(missing)
    report.faults += [f"{name}: {channel}:{position} is lost" for channel, position in sorted(missing)[:SHOWN]]
    differences = check.differences()
    report.different += len(differences)
    report.faults += [_told(name, difference) for difference in differences[:SHOWN]]


def _told(projection: str, difference: Difference) -> str:
    return f"{projection}: {difference.view} {difference.id} is {difference.what}"


async def _places(session: Api, audit: Kept, part: str) -> frozenset[Place]:
    return frozenset([(place.channel, place.position) async for place in _read(session, audit, part, _Place)])


async def _read(session: Api, audit: Kept, part: str, kind: Any) -> AsyncIterator[Any]:
    path = f"/internal/v1/projections/{audit.projection.name}/{part}"
    async for line in session.lines(audit.service, path):
        yield msgspec.json.decode(line, type=kind)


def _print(report: Report) -> None:
    for log, events in report.logs.items():
        out.print(f"{events:>10,} events in the log {log}")
    rows = [[report.events, report.lost, report.doubled, report.different, report.parked]]
    out.print(table("", ("events", "lost", "doubled", "different", "parked"), rows, right=range(5)))
    for fault in report.faults[:SHOWN]:
        out.print(f"  {fault}", markup=False)
    out.print("every projection is byte for byte what its logs give" if report.clean else "something is wrong")
