"""What an application answers when something is raised: always a problem, never a trace."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import Match

from shared.committer import Overloaded
from shared.database import unavailable as store_unavailable
from shared.decider import Rejected
from shared.log import LogUnavailable
from shared.web import validation
from shared.web.problems import Problem, from_rejected, unavailable

logger = logging.getLogger(__name__)

_CODES = {400: "malformed_request", 401: "unauthenticated", 403: "forbidden", 404: "not_found", 413: "body_too_large"}


def _problem(_: Request, error: Problem) -> Response:
    return error.response()


def _rejected(_: Request, error: Rejected) -> Response:
    return from_rejected(error).response()


def _invalid(_: Request, error: RequestValidationError) -> Response:
    found = validation.errors(error.errors())
    return Problem(422, "invalid_request", "Something in the request is not valid.", found).response()


def _overloaded(_: Request, __: Exception) -> Response:
    return unavailable("overloaded", "More is asked than can be recorded now; nothing was recorded.").response()


def _log_unavailable(_: Request, __: Exception) -> Response:
    return unavailable("log_unavailable", "The event log cannot be reached.", 2).response()


def unexpected(error: BaseException) -> Response:
    """A store that is away is 503; anything else is a defect: logged whole here, told without detail."""
    if store_unavailable(error):
        logger.warning("a store is unavailable", exc_info=error)
        return unavailable("store_unavailable", "A database cannot be reached.", 2).response()
    logger.error("unexpected error", exc_info=error)
    return Problem(500, "internal_error", "Something went wrong here. It was logged under the trace id.").response()


def _http(request: Request, error: HTTPException) -> Response:
    if error.status_code == 405:
        allowed = ", ".join(sorted(_methods(request)))
        return Problem(405, "method_not_allowed", "Not a method of this path.", headers={"Allow": allowed}).response()
    code = _CODES.get(error.status_code, "http_error")
    detail = "No such resource." if error.status_code == 404 else "The request could not be served."
    return Problem(error.status_code, code, detail, headers=error.headers).response()


def _methods(request: Request) -> set[str]:
    """All routes of a path: Starlette knows only those of the first that matched. A literal path beats a template."""
    literal: set[str] = set()
    templates: set[str] = set()
    for context in iter_route_contexts(request.app.routes):
        route: Any = context._effective_route
        if route.matches(request.scope)[0] is not Match.NONE:
            found = literal if context.path == request.scope["path"] else templates
            found |= context.methods or set()
    return literal or templates


def install(app: FastAPI) -> None:
    """Give an application these handlers."""
    handlers: dict[type[Exception], Callable[[Request, Any], Response]] = {
        Problem: _problem,
        Rejected: _rejected,
        RequestValidationError: _invalid,
        Overloaded: _overloaded,
        LogUnavailable: _log_unavailable,
        HTTPException: _http,
    }
    for kind, handle in handlers.items():
        app.add_exception_handler(kind, _asynchronous(handle))


def _asynchronous(handle: Callable[[Request, Any], Response]) -> Callable[[Request, Any], Awaitable[Response]]:
    """Starlette runs plain functions in a thread, which costs more than they do."""

    async def handler(request: Request, error: Any) -> Response:
        return handle(request, error)

    return handler
