"""One application for one service or for all of them: `host([customer])` or `host([customer, interaction, …])`."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI

from shared.auth import Verifier
from shared.auth.issuer import LocalIssuer
from shared.auth.keys import JwksKeys
from shared.runtime import health, tokens, tracing
from shared.runtime.metrics import Metrics
from shared.runtime.resources import Resources
from shared.runtime.service import Check, Service
from shared.runtime.settings import Settings
from shared.runtime.supervisor import Supervisor
from shared.web import handlers, openapi
from shared.web.edge import Edge, itself
from shared.web.limits import RateLimit
from shared.web.middleware import EdgeMiddleware


def end_process() -> None:
    """Ask the server to shut down in order; `serve` then exits with an error."""
    os.kill(os.getpid(), signal.SIGTERM)


def host(services: Sequence[Service], settings: Settings, *, failed: Callable[[], None] = end_process) -> FastAPI:
    """The application. `failed` is called when a component is given up."""
    name = services[0].name if len(services) == 1 else "guanxi"
    metrics = Metrics()
    app = FastAPI(
        title="Guanxi" if len(services) != 1 else f"Guanxi {name}",
        version="0.1.0",
        summary="Live, explained relationship strength for banks",
        description="\n\n".join(service.description for service in services if service.description),
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        redoc_url=None,
        lifespan=lambda app: _lifespan(app, services, settings, failed),
        telemetry=dict(tracing.configure(f"guanxi-{name}")),  # type: ignore[arg-type]
    )
    app.state.services = {service.name: service for service in services}
    app.state.settings = settings
    app.state.metrics = metrics
    app.state.edge = _edge(app, services, settings)
    app.state.health = health.Health(lambda: _checks(services))
    handlers.install(app)
    routers = [router for service in services for router in service.routers]
    for router in [health.router, *([tokens.routes] if settings.dev_tokens else []), *routers]:
        # As `include_router` without a prefix, which would look for each request's route twice and through two levels.
        app.router.routes.extend(router.routes)
    app.add_middleware(EdgeMiddleware, limit=RateLimit(settings.rate_limit), observe=metrics.observe)
    app.openapi = lambda: openapi.document(app)
    return app


def _edge(app: FastAPI, services: Sequence[Service], settings: Settings) -> Edge:
    keys: Any = JwksKeys(settings.jwks) if settings.jwks else None
    if settings.local_issuer:
        keys = app.state.issuer = LocalIssuer.in_folder(settings.data, settings.issuer, settings.audience)
    verifier = Verifier(keys, settings.issuer, settings.audience)

    async def subtree(institution_id: str) -> frozenset[str]:
        known = [service.subtree for service in services if service.subtree]
        return await (known[0] if known else itself)(institution_id)

    return Edge(verifier, settings.keyring, settings.zone, subtree=subtree)


def _checks(services: Sequence[Service]) -> dict[str, Check]:
    return {f"{service.name}.{name}": check for service in services for name, check in service.checks.items()}


@asynccontextmanager
async def _lifespan(
    app: FastAPI, services: Sequence[Service], settings: Settings, failed: Callable[[], None]
) -> AsyncIterator[None]:
    async with AsyncExitStack() as opened:
        resources = Resources(settings, app.state.metrics)
        opened.push_async_callback(resources.close)
        for service in services:
            opened.push_async_callback(service.close)
            await service.open(resources)
        supervisor = Supervisor([each for service in services for each in service.components], failed)
        app.state.supervisor = supervisor
        metrics: Metrics = app.state.metrics
        if settings.metrics_port:
            metrics.serve(settings.host, settings.metrics_port, required=settings.env == "prod")
            opened.callback(metrics.close)
        supervisor.start()
        try:
            yield
        finally:
            await supervisor.stop(settings.drain_seconds)
            await asyncio.to_thread(tracing.flush)
