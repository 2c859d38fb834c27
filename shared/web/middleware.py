"""The outermost layer: correlation, trace ids, safety headers, rate limits, and no exception past this point."""

import os
import re
import time
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web import context
from shared.web.handlers import unexpected
from shared.web.limits import RateLimit
from shared.web.problems import Problem, invalid

_CORRELATION = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
_SAFETY = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_NO_STORE = (b"cache-control", b"no-store")

Observe = Callable[[Scope, int, float], None]
"""Told of every answered request: its scope, status and seconds."""


class EdgeMiddleware:
    """Wraps the whole application. `observe` is called when a request is over."""

    def __init__(self, app: ASGIApp, limit: RateLimit | None = None, observe: Observe | None = None) -> None:
        self._app = app
        self._limit = limit
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        correlation = _begin(headers)
        started = time.perf_counter()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = message.get("headers", [])
                added = [*_SAFETY, (b"x-correlation-id", correlation.encode())]
                if not any(name == _NO_STORE[0] for name, _ in own):
                    added.append(_NO_STORE)
                message["headers"] = [*own, *added]
            await send(message)

        try:
            problem = self._refusal(scope, headers)
            await (problem.response() if problem else self._app)(scope, receive, answer)
        except ClientDisconnect:
            # Nobody is left to answer; what was recorded is found again by its key or reference.
            status = status or 499
        except Exception as error:
            response = unexpected(error)
            if status:
                raise
            await response(scope, receive, answer)
        finally:
            if self._observe:
                self._observe(scope, status or 500, time.perf_counter() - started)

    def _refusal(self, scope: Scope, headers: Headers) -> Problem | None:
        if "\x00" in scope["path"] or b"%00" in scope.get("query_string", b""):
            return invalid("invalid_text", "The address holds U+0000.", "path")
        if self._limit is None:
            return None
        client = scope.get("client")
        wait = self._limit.take(headers.get("authorization") or (client[0] if client else ""))
        if not wait:
            return None
        seconds = str(max(1, round(wait)))
        return Problem(429, "too_many_requests", "Too many requests.", headers={"Retry-After": seconds})


def _begin(headers: Headers) -> str:
    """Sets the request's context; ids that are not well-formed are replaced, not trusted."""
    given = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    trace = given[1] if given else os.urandom(16).hex()
    context.trace_id.set(trace)
    context.traceparent.set(given[0] if given else f"00-{trace}-{os.urandom(8).hex()}-01")
    asked = headers.get("x-correlation-id", "")
    correlation = asked if _CORRELATION.fullmatch(asked) else trace
    context.correlation_id.set(correlation)
    return correlation
