"""Running an application until it is told to stop."""

import gc
import logging
import signal
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from shared.runtime import logs
from shared.runtime.settings import Settings


class _Server(uvicorn.Server):
    """Ends as asked: uvicorn would raise the signal once more after draining, and a clean stop look like a crash."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain; a second Ctrl-C does not wait for open connections."""
        if self.should_exit:
            self.force_exit = sig == signal.SIGINT
            return
        self.should_exit = True
        self._stopping()


def serve(
    app: FastAPI, settings: Settings, *, quiet: bool = False, stopping: Callable[[], None] = lambda: None
) -> None:
    """Serve on the settings' host and port. SIGTERM and Ctrl-C drain; exits with 1 when a component was given up.

    `quiet` logs warnings and worse only, for a terminal that shows something else. `stopping` is called when draining
    begins.
    """
    logs.configure(json=settings.env == "prod", level=logging.WARNING if quiet else logging.INFO)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(settings.drain_seconds),
        h11_max_incomplete_event_size=64 * 1024,
    )
    # What is loaded by now stays; and events are many small objects that seldom form cycles, so that searching them
    # for cycles as often as Python would is a tenth of the work of a bulk request.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    _Server(config, stopping).run()
    supervisor = getattr(app.state, "supervisor", None)
    if supervisor is None or supervisor.failure is not None:
        sys.exit(1)
