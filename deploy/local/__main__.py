"""Run the real Kafka and PostgreSQL until interrupted: `python -m deploy.local [--only kafka|postgres]`."""

import argparse
import signal
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from deploy.local import Kafka, Postgres, Unavailable


def main() -> int:
    """Start what is asked for, print where it listens, and stop it in order when a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument("--only", choices=["kafka", "postgres"])
    parser.add_argument("--kafka-port", type=int, default=0)
    parser.add_argument("--postgres-port", type=int, default=0)
    wanted = parser.parse_args()
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guanxi-", ignore_cleanup_errors=True)))
        folder.chmod(0o711)
        try:
            if wanted.only != "postgres":
                kafka = stack.enter_context(Kafka(_inside(folder, "kafka"), wanted.kafka_port))
                _say(f"export GUANXI_TEST_KAFKA={kafka.bootstrap}")
            if wanted.only != "kafka":
                postgres = stack.enter_context(Postgres(_inside(folder, "postgres"), wanted.postgres_port))
                _say(f"export GUANXI_TEST_POSTGRES={postgres.url}")
        except Unavailable as reason:
            sys.stderr.write(f"{reason}\n")
            return 1
        _say(f"# data and logs are in {folder}; Ctrl-C stops and removes everything")
        over.wait()
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _inside(folder: Path, name: str) -> Path:
    inner = folder / name
    inner.mkdir()
    return inner


if __name__ == "__main__":
    sys.exit(main())
