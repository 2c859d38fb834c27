"""Run Guanxi as in production on this machine, without Docker: `python -m deploy.local`."""

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from deploy.local import Kafka, Postgres, StartFailed, Unavailable
from deploy.local.service import Service, environment, initialise

PROCESSES = (("customer",), ("interaction",), ("complaint",), ("scoring", "api"))


def main() -> int:
    """Start what is asked for, print what to export, and stop it in order when a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument("--only", choices=["kafka", "postgres"], help="one server for development, without services")
    parser.add_argument("--workers", type=int, default=1, help="scoring workers")
    wanted = parser.parse_args()
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guanxi-", ignore_cleanup_errors=True)))
        folder.chmod(0o711)
        try:
            for line in _start(stack, folder, wanted):
                _say(line)
                if over.is_set():
                    return 0
        except (Unavailable, StartFailed) as reason:
            sys.stderr.write(f"{reason}\n")
            return 1
        _say(f"# Data and logs are in {folder}. Ctrl-C stops everything and removes them.")
        over.wait()
    return 0


def _start(stack: ExitStack, folder: Path, wanted: argparse.Namespace) -> Iterator[str]:
    kafka, postgres = Kafka(_inside(folder, "kafka")), Postgres(_inside(folder, "postgres"))
    if wanted.only != "postgres":
        stack.enter_context(kafka)
        yield f"export GUANXI_TEST_KAFKA={kafka.bootstrap}"
    if wanted.only != "kafka":
        stack.enter_context(postgres)
        yield f"export GUANXI_TEST_POSTGRES={postgres.url}"
    if not wanted.only:
        yield from _services(stack, _inside(folder, "guanxi"), kafka, postgres, wanted.workers)


def _services(stack: ExitStack, folder: Path, kafka: Kafka, postgres: Postgres, workers: int) -> Iterator[str]:
    settings = environment(folder, kafka.bootstrap, postgres.url)
    yield "# creating databases, tables and topics"
    initialise(settings)
    urls: list[str] = []
    for number, words in enumerate(PROCESSES + (("scoring", "worker"),) * workers):
        service = Service(_inside(folder, f"process-{number}"), words[0], settings, *words[1:])
        stack.enter_context(service)
        if words[-1] != "worker":
            urls.append(f"{words[0]}={service.url}")
        yield f"# {service.name}: {service.url}/docs"
    yield f"export GUANXI_DATA={folder}"
    yield f"export GUANXI_URL={','.join(urls)}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _inside(folder: Path, name: str) -> Path:
    inner = folder / name
    inner.mkdir()
    return inner


if __name__ == "__main__":
    sys.exit(main())
