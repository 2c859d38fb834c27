"""Settings, lifecycle, health, metrics, logs and traces.

services/<name>/app.py has `compose(settings) -> Service` and `create_app(settings) -> FastAPI`; its __main__ is
`serve(create_app(Settings()), Settings())`. `host` makes one application of one or many services.
"""

from shared.runtime.host import host
from shared.runtime.serve import serve
from shared.runtime.service import Check, Component, Running, Service
from shared.runtime.settings import Settings

__all__ = ["Check", "Component", "Running", "Service", "Settings", "host", "serve"]
