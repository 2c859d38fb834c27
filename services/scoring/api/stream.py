"""The route of live changes: server-sent events, resumable from any position on any replica."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import Header, Query
from fastapi.responses import StreamingResponse

from services.scoring.api.common import Browsing, Scoring
from shared.auth import Scope
from shared.broadcast import Lagging
from shared.envelope import Envelope
from shared.web import Code, identifier, invalid, problems, router

HEARTBEAT = 15.0
LIFE = 600.0
RETRY = b"retry: 1000\n\n"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

routes = router(tags=["relationships"])

LastEventId = Annotated[
    str | None, Header(max_length=20, description="The position to go on after; without it, from now on.")
]
Institution = Annotated[str, identifier("ins")]


@routes.get(
    "/v1/relationships/stream",
    summary="Changes of relationships as they happen, as server-sent events",
    response_class=StreamingResponse,
    responses={**problems(), 200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    openapi_extra={"x-streaming": True},
)
async def stream_relationships(
    read: Browsing,
    scoring: Scoring,
    institution: Annotated[Institution | None, Query()] = None,
    manager: Annotated[Code | None, Query()] = None,
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    accept = _accepts(read.scope, institution, manager)
    messages = scoring.broadcast.subscribe(accept, _position(last_event_id))
    return StreamingResponse(_lines(messages), media_type="text/event-stream", headers=HEADERS)


def _position(last_event_id: str | None) -> int | None:
    if last_event_id is None:
        return None
    if not (last_event_id.isascii() and last_event_id.isdigit()):
        raise invalid("invalid_last_event_id", "Last-Event-ID is a position: digits only.", "last-event-id")
    return int(last_event_id)


def _accepts(scope: Scope, institution: str | None, manager: str | None) -> Callable[[Envelope], bool]:
    def accept(envelope: Envelope) -> bool:
        place = envelope.meta.institution_id
        return (
            scope.allows(place)
            and institution in (None, place)
            and manager in (None, getattr(envelope.data, "relationship_manager", None))
        )

    return accept


async def _lines(messages: AsyncIterator[tuple[int, bytes]]) -> AsyncIterator[bytes]:
    """Messages and heartbeats for some minutes; the client then comes back with its last position."""
    end = asyncio.get_running_loop().time() + LIFE
    # Subscribed before the first byte is sent: what happens after a client has seen it is never missed.
    following: asyncio.Future[tuple[int, bytes]] | None = asyncio.ensure_future(anext(messages))
    await asyncio.sleep(0)
    try:
        yield RETRY
        while asyncio.get_running_loop().time() < end:
            following = following or asyncio.ensure_future(anext(messages))
            done, _ = await asyncio.wait({following}, timeout=HEARTBEAT)
            if not done:
                yield b": still here\n\n"
                continue
            try:
                yield following.result()[1]
            except Lagging:
                return
            following = None
    finally:
        if following is not None:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError, Lagging, StopAsyncIteration):
                await following
