"""Embedded mode as a process of its own, on SQLite in one folder, to be killed and started again."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.service import ROOT, Service
from services.cli.client import Api
from services.cli.connection import connect

RUN = """
from services.embedded import create_app
from shared.runtime import Settings, serve

settings = Settings()
serve(create_app(settings), settings)
"""


class Embedded(Service):
    """All services in one process, on the data in `folder`."""

    def __init__(self, folder: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GUANXI_")}
        super().__init__(folder, "embedded", {**kept, "PYTHONPATH": str(ROOT), "GUANXI_DATA": str(folder / "data")})

    def command(self) -> Sequence[str]:
        return [sys.executable, "-c", RUN]

    def api(self) -> Api:
        """A client with every right, which leaves retrying to the test."""
        return Api(connect(self.url, None), attempts=1)
