"""The real Kafka and PostgreSQL of a test run: started when first needed, shared by all workers, stopped at its end."""

import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from deploy.local import Kafka, Postgres, Server, Unavailable
from deploy.local.server import signal_family

Made = TypeVar("Made", bound=Server)

RUN = "GUANXI_TEST_RUN"
"""The folder of this run's servers; pytest-xdist's workers inherit it from the process that made it."""


def begin() -> None:
    """Make the run's folder, in the first process only."""
    if RUN not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="guanxi-tests-"))
        folder.chmod(0o711)
        os.environ[RUN] = str(folder)


def end() -> None:
    """Stop every server of the run, whichever worker started it, and remove what they left."""
    folder = Path(os.environ.pop(RUN))
    for file in folder.glob("*/pid"):
        signal_family(int(file.read_text()), signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def kafka() -> str:
    """`host:port` of the run's broker."""
    return _shared("GUANXI_TEST_KAFKA", Kafka, lambda server: server.bootstrap)


def postgres() -> str:
    """URL of the maintenance database of the run's PostgreSQL."""
    return _shared("GUANXI_TEST_POSTGRES", Postgres, lambda server: server.url)


def private(kind: type[Made]) -> Made:
    """A server for one test alone, not yet started, that may be killed and paused. The caller stops it."""
    folder = Path(tempfile.mkdtemp(prefix=f"{kind.name}-", dir=os.environ[RUN]))
    return kind(folder)


def absent(reason: Unavailable) -> None:
    """Skip with the reason, or fail where the run promises that the real parts are there."""
    if os.environ.get("GUANXI_REQUIRE_REAL") == "1":
        pytest.fail(f"GUANXI_REQUIRE_REAL=1, but: {reason}")
    pytest.skip(str(reason))


def _shared(variable: str, kind: type[Made], address: Callable[[Made], str]) -> str:
    if given := os.environ.get(variable):
        return given
    folder = Path(os.environ[RUN]) / kind.name
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = folder / "address"
        if not known.exists():
            server = kind(folder)
            server.start()
            (folder / "pid").write_text(str(server.pid))
            known.write_text(address(server))
        return known.read_text()
