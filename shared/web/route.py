"""The route class of every router: strict JSON, bounded bodies, bounded time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from shared.web import strict_json
from shared.web.problems import Problem, unavailable

MAX_BODY = 1024 * 1024
TIMEOUT = 30.0
BULK = "bulk"


class StrictRequest(Request):
    """A request whose body is read once, up to a limit, and parsed strictly."""

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            chunks: list[bytes] = []
            size = 0
            async for chunk in self.stream():
                size += len(chunk)
                if size > MAX_BODY:
                    raise Problem(413, "body_too_large", f"A body may hold {MAX_BODY} bytes.")
                chunks.append(chunk)
            self._body = b"".join(chunks)
        return self._body

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = strict_json.parse(await self.body())
        return self._json


class Route(APIRoute):
    """Checks the media type before anything is parsed and ends a request that takes too long."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        needs_json = self.body_field is not None
        known = _query_parameters(self.dependant)
        unbounded = bool((self.openapi_extra or {}).get("x-streaming"))

        async def handler(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive, request._send)
            if BULK in request.path_params.values():
                # The address of a bulk route, whose method is another one, is not the address of a thing.
                raise HTTPException(405)
            if request.scope["query_string"] and not known.issuperset(request.query_params):
                detail = "There is no such query parameter here."
                raise Problem(422, "invalid_request", detail, [("", "unknown_parameter", detail)])
            if needs_json and _has_body(request) and not _is_json(request.headers.get("content-type", "")):
                raise Problem(415, "unsupported_media_type", "The body must be application/json.")
            if unbounded:
                return await handle(strict)
            try:
                async with asyncio.timeout(TIMEOUT):
                    return await handle(strict)
            except TimeoutError:
                raise unavailable("timeout", "The request took too long.") from None

        return handler


def router(*, tags: list[str], **options: Any) -> APIRouter:
    """An `APIRouter` that follows these conventions."""
    return APIRouter(route_class=Route, tags=list(tags), **options)


def _query_parameters(dependant: Dependant) -> set[str]:
    own = {each.alias for each in dependant.query_params}
    return own.union(*(_query_parameters(child) for child in dependant.dependencies))


def _has_body(request: Request) -> bool:
    """Without a body the answer is that it is missing, not that it is of the wrong kind."""
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
