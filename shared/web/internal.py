"""Routes for other parts of the system, not for callers: a log as it is, projections from end to end, parked keys.

A rebuild and `guanxi verify` read them, so that neither depends on Kafka's retention or on a database password.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Protocol

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Security
from fastapi.responses import StreamingResponse
from fastapi.security import SecurityScopes

from shared import wire
from shared.audit import ProjectionAudit
from shared.log import EventLog
from shared.parking import Busy, Retried
from shared.projection_store import Parked
from shared.relay import Relay
from shared.web.models import View
from shared.web.problems import Problem, problems, unavailable
from shared.web.read import Read, browse, found, serving
from shared.web.route import router

PAGE = 1_000
NDJSON = "application/x-ndjson"
STREAMING: dict[str, Any] = {"x-streaming": True}


async def inside(request: Request, needed: SecurityScopes) -> Read:
    """As `browse`, for callers of the whole bank alone: nothing here is kept apart by institution. Raises 403."""
    who = await browse(request, needed)
    if who.principal.institution is not None:
        raise Problem(403, "whole_bank_only", "This is for callers of the whole bank.")
    return who


Reading = Annotated[Read, Security(inside, scopes=["log:read"])]
Operating = Annotated[Read, Security(inside, scopes=["admin"])]
Key = Annotated[str, Path(min_length=1, max_length=200)]


class Audited(Protocol):
    """What these routes need of a service."""

    log: EventLog
    relay: Relay | None
    audits: Mapping[str, ProjectionAudit]


class LogHeadOut(View):
    """The log's last position, the last one published, and the age of the oldest that is not; null without Kafka."""

    log: str
    head: int
    published: int | None
    unpublished_seconds: float | None


class ParkedOut(View):
    """A delivery that waits; its content stays in the database."""

    channel: str
    position: int
    error: str
    parked_at: str


class RetriedOut(View):
    """What a retry applied, what waits still, and with what the first of those failed."""

    applied: int
    remaining: int
    error: str


def internal(service: str, log: str, *projections: str) -> APIRouter:
    """The internal routes of a service that has this log and these projections."""
    routes = router(tags=["internal"])
    _log(routes, Depends(serving(service)), log)
    for projection in projections:
        _projection(routes, Depends(serving(service)), projection)
        _parked(routes, Depends(serving(service)), projection)
    return routes


def _log(routes: APIRouter, served: Any, log: str) -> None:
    @routes.get(
        f"/internal/v1/logs/{log}",
        summary=f"The log {log}, one CloudEvent a line",
        name=f"read_{log}_log",
        operation_id=f"read_{log}_log",
        response_class=StreamingResponse,
        responses=_streamed(),
        openapi_extra=STREAMING,
    )
    async def read_log(  # pyright: ignore[reportUnusedFunction]
        read: Reading,
        after: Annotated[int, Query(ge=0, le=2**62, description="The position to begin after.")] = 0,
        limit: Annotated[int | None, Query(ge=1, le=1_000_000, description="Events at most; all without it.")] = None,
        service: Audited = served,
    ) -> StreamingResponse:
        return StreamingResponse(_events(service.log, after, limit), media_type=NDJSON)

    @routes.get(
        f"/internal/v1/logs/{log}/head",
        summary=f"How long the log {log} is, and how far it is published",
        name=f"read_{log}_log_head",
        operation_id=f"read_{log}_log_head",
        responses=problems(),
    )
    async def read_head(  # pyright: ignore[reportUnusedFunction]
        read: Reading, service: Audited = served
    ) -> LogHeadOut:
        head = await service.log.head()
        if service.relay is None:
            return LogHeadOut(log=log, head=head, published=None, unpublished_seconds=None)
        lag = await service.relay.lag()
        return LogHeadOut(log=log, head=head, published=max(0, head - lag.events), unpublished_seconds=lag.seconds)


def _projection(routes: APIRouter, served: Any, projection: str) -> None:
    @routes.get(
        f"/internal/v1/projections/{projection}/{{part}}",
        summary=f"What the projection {projection} holds: its rows, timeline, parked deliveries or cursors",
        name=f"read_{projection}",
        operation_id=f"read_{projection}",
        response_class=StreamingResponse,
        responses=_streamed(404),
        openapi_extra=STREAMING,
    )
    async def read_projection(  # pyright: ignore[reportUnusedFunction]
        read: Reading,
        part: Annotated[str, Path(pattern="^(states|timeline|parked|cursors)$")],
        service: Audited = served,
    ) -> StreamingResponse:
        audit = found(service.audits.get(projection))
        return StreamingResponse(_lines(audit.part(part)), media_type=NDJSON)


def _parked(routes: APIRouter, served: Any, projection: str) -> None:
    path = f"/internal/v1/projections/{projection}/parked/{{key}}"

    @routes.get(
        path,
        summary=f"What waits for a key in {projection}",
        name=f"show_{projection}_parked",
        operation_id=f"show_{projection}_parked",
        responses=problems(404),
    )
    async def show_parked(  # pyright: ignore[reportUnusedFunction]
        read: Operating, key: Key, service: Audited = served
    ) -> list[ParkedOut]:
        waiting = await found(service.audits.get(projection)).parking.show(key)
        return [_shown(each) for each in found(waiting or None)]

    @routes.post(
        f"{path}/retries",
        summary=f"Try again what waits for a key in {projection}",
        name=f"retry_{projection}_parked",
        operation_id=f"retry_{projection}_parked",
        responses=problems(404),
    )
    async def retry_parked(  # pyright: ignore[reportUnusedFunction]
        read: Operating, key: Key, service: Audited = served
    ) -> RetriedOut:
        try:
            retried: Retried = await found(service.audits.get(projection)).parking.retry(key)
        except Busy:
            raise unavailable("projection_busy", "The projector was faster every time; try again.") from None
        return RetriedOut(applied=retried.applied, remaining=retried.remaining, error=retried.error)


async def _events(log: EventLog, after: int, limit: int | None) -> AsyncIterator[bytes]:
    left = limit
    while left is None or left > 0:
        page = await log.read(after, PAGE if left is None else min(PAGE, left))
        if not page:
            return
        yield b"".join(wire.encode(record).value + b"\n" for record in page)
        after = page[-1].position
        left = None if left is None else left - len(page)


async def _lines(items: AsyncIterator[msgspec.Struct]) -> AsyncIterator[bytes]:
    page: list[bytes] = []
    async for item in items:
        page.append(msgspec.json.encode(item))
        if len(page) == PAGE:
            yield b"\n".join(page) + b"\n"
            page = []
    if page:
        yield b"\n".join(page) + b"\n"


def _shown(parked: Parked) -> ParkedOut:
    return ParkedOut(
        channel=parked.channel, position=parked.position, error=parked.error, parked_at=parked.parked_at.isoformat()
    )


def _streamed(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {**problems(*statuses), 200: {"content": {NDJSON: {"schema": {"type": "string"}}}}}
