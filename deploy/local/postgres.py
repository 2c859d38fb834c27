"""PostgreSQL from the binaries that the system's package installed."""

# ruff: noqa: S603 -- the programs and their arguments are ours

import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.server import Server, StartFailed, Unavailable

OWNER = "postgres"
"""The user that PostgreSQL runs as when we are root, whom it refuses."""


class Postgres(Server):
    """One PostgreSQL that trusts everybody on loopback: for development and tests only."""

    name = "postgres"
    stop_signal = signal.SIGINT

    @property
    def url(self) -> str:
        """The maintenance database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def command(self) -> Sequence[str]:
        programs, data = binaries(), self.folder / "data"
        if not data.exists():
            self.folder.chmod(0o711)
            data.mkdir()
            if os.geteuid() == 0:
                shutil.chown(data, OWNER)
            self._run(str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(data),
            "max_connections": "300",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(programs / "postgres"), "-D", str(data), *options]

    def answers(self) -> bool:
        probe = [str(binaries() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(probe, check=False).returncode == 0

    def spawn(self, command: Sequence[str], output: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=self.folder / "data",
            start_new_session=True,
            user=_owner(),
            extra_groups=[] if _owner() else None,
        )

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder / "data",
            user=_owner(),
            extra_groups=[] if _owner() else None,
        )
        if done.returncode:
            raise StartFailed(f"{Path(command[0]).name} failed: {done.stderr.strip()}")


def binaries() -> Path:
    """The folder with `postgres` and `initdb`, the newest version first. Raises `Unavailable`."""
    if sys.platform == "win32":
        raise Unavailable("The local PostgreSQL needs a Unix system.")
    _owner()
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]), reverse=True)
    for candidate in (*found, Path(shutil.which("initdb") or ""), _configured() / "initdb"):
        if candidate.name == "initdb" and candidate.with_name("postgres").exists():
            return candidate.parent
    raise Unavailable("PostgreSQL's server programs (postgres, initdb) are not installed.")


def _configured() -> Path:
    tool = shutil.which("pg_config")
    if tool is None:
        return Path()
    return Path(subprocess.run([tool, "--bindir"], check=True, capture_output=True, text=True).stdout.strip())


def _owner() -> str | None:
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(OWNER).pw_name
    except KeyError:
        raise Unavailable(f"PostgreSQL does not run as root and there is no user {OWNER}.") from None
