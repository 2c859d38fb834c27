"""/livez says that the process answers, /readyz that it can do its work."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from shared.runtime.service import Check
from shared.web.openapi import public

REMEMBERED = 1.0
PATIENCE = 3.0

_log = logging.getLogger("guanxi.health")


class Health:
    """Runs readiness checks, at most once a second however many ask. `checks` may grow while services open."""

    def __init__(self, checks: Callable[[], Mapping[str, Check]], clock: Callable[[], float] = time.monotonic) -> None:
        self._checks = checks
        self._clock = clock
        self._lock = asyncio.Lock()
        self._known: tuple[float, dict[str, str]] = (float("-inf"), {})

    async def results(self) -> dict[str, str]:
        """Check → "ok", or the kind of its failure. Nothing that a failure says is repeated: it may hold a URL."""
        async with self._lock:
            if self._clock() - self._known[0] > REMEMBERED:
                checks = self._checks()
                answers = await asyncio.gather(*(self._result(*item) for item in checks.items()))
                self._known = (self._clock(), dict(zip(checks, answers, strict=True)))
            return self._known[1]

    async def _result(self, name: str, check: Check) -> str:
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await check()
        except Exception as error:
            _log.warning("not ready: %s", name, exc_info=error)
            return type(error).__name__
        return "not ready" if answer is False else "ok"


router = APIRouter(include_in_schema=False)


@router.get("/livez")
@public
async def livez() -> Response:
    """Touches nothing: a broken database must not make an orchestrator kill the process."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
@public
async def readyz(request: Request) -> Response:
    """200 when every check passes, else 503; the answer names each check."""
    results = await request.app.state.health.results()
    ready = all(result == "ok" for result in results.values())
    return JSONResponse({"status": "ok" if ready else "not ready", "checks": results}, 200 if ready else 503)
