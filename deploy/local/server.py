"""A server that runs as a child process: started, stopped, killed, paused and started again by its process id."""

# ruff: noqa: S603 -- the programs and their arguments are ours

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self


class Unavailable(Exception):
    """The server cannot be had on this machine. The message says plainly what is missing."""


class StartFailed(Exception):
    """Everything is there and it does not run all the same. The message has its last words."""


class Server:
    """One server on one loopback port with one data folder; both stay the same over restarts.

    Args:
        folder: where data, settings and the log are kept; it must exist.
        port: where to listen; 0 takes a free one.
    """

    name = "server"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What the server writes to its standard output and error."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        """The process id while it runs. Raises `Unavailable` when it does not."""
        if self._process is None:
            raise Unavailable(f"{self.name} is not running")
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs; False also when it ended by itself."""
        return self._process is not None and self._process.poll() is None

    def start(self, seconds: float = 60) -> None:
        """Start, or start again on the same port and data, and return once it answers.

        Raises `Unavailable` and `StartFailed`.
        """
        if self._process is not None:
            return
        command = self.command()
        with self.log.open("ab") as log:
            self._process = self.spawn(command, log.fileno())
        deadline = time.monotonic() + seconds
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise StartFailed(f"{self.name} did not start: {self.last_words()}")
            time.sleep(0.05)

    def stop(self, seconds: float = 30) -> None:
        """Let it finish in order; kill it when that takes too long."""
        if self._process is None:
            return
        self.resume()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, self.stop_signal)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """Take the power away: it and its children get SIGKILL and flush nothing."""
        if self._process is None:
            return
        signal_family(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def pause(self) -> None:
        """Freeze it and its children: connections stay open and nothing answers."""
        signal_family(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen server go on."""
        signal_family(self.pid, signal.SIGCONT)

    def command(self) -> Sequence[str]:
        """The command line, after whatever has to be prepared once."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether clients are served."""
        raise NotImplementedError

    def spawn(self, command: Sequence[str], output: int) -> "subprocess.Popen[bytes]":
        """The child process in a session of its own, so that a Ctrl-C in the terminal reaches only its owner."""
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder, start_new_session=True
        )

    def last_words(self) -> str:
        """The end of its log."""
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-5:])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def signal_family(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process and to everything that it started, however their groups are arranged."""
    for member in _family(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(member, number)


def _family(pid: int) -> list[int]:
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True).stdout  # noqa: S607
    parents = {int(child): int(parent) for child, parent in (line.split() for line in table.splitlines())}
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family
