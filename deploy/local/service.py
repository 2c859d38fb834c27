"""Guanxi's own processes on this machine, run as in production: one for each service, and scoring workers apart."""

# ruff: noqa: S603 -- the programs and their arguments are ours

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.postgres import binaries
from deploy.local.server import Server, StartFailed, free_port

ROOT = Path(__file__).resolve().parents[2]
DATABASES = ("customer", "interaction", "complaint", "scoring", "vault")
GUANXI = (sys.executable, "-c", "from services.cli.main import app; app()")


class Service(Server):
    """One process of Guanxi: `Service(folder, "scoring", environment, "worker")`."""

    def __init__(self, folder: Path, module: str, environment: Mapping[str, str], *words: str, port: int = 0) -> None:
        super().__init__(folder, port)
        self.name = "-".join((module, *words))
        self._command = [sys.executable, "-m", f"services.{module}", *words]
        self.metrics_port = str(free_port())
        self._environment = {**environment, "GUANXI_PORT": str(self.port), "GUANXI_METRICS_PORT": self.metrics_port}

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> Sequence[str]:
        return self._command

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as response:  # noqa: S310
                return response.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def spawn(self, command: Sequence[str], output: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=self.folder,
            env=self._environment,
            start_new_session=True,
        )


def environment(folder: Path, bootstrap: str, postgres: str, name: str = "guanxi") -> dict[str, str]:
    """What every process of one installation is told. Secrets and the token key are made in the data folder.

    `postgres` is any database's URL on the server; `name` sets the databases and topics of installations apart.
    """
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "GUANXI_ENV": "dev",
        "GUANXI_DATA": str(folder),
        "GUANXI_LOG": f"{postgres.rpartition('/')[0]}/{name}",
        "GUANXI_FEED": f"kafka://{bootstrap}",
        "GUANXI_TOPIC_PREFIX": name,
        "GUANXI_HOST": "127.0.0.1",
    }


def initialise(environment: Mapping[str, str]) -> None:
    """Databases, tables and topics, as the compose file's init step makes them. Raises `StartFailed`."""
    server, _, name = environment["GUANXI_LOG"].rpartition("/")
    for service in DATABASES:
        _run([str(binaries() / "createdb"), f"--maintenance-db={server}/postgres", f"{name}_{service}"], environment)
    for step in ("migrate", "topics"):
        _run([*GUANXI, step], environment)


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=ROOT)
    if done.returncode:
        raise StartFailed(f"{' '.join(command[-2:])}: {done.stderr.strip() or done.stdout.strip()}")
