"""The broker's jars: resolved once by Maven from `deploy/kafka/pom.xml`, then kept in the user's cache folder."""

# ruff: noqa: S603 -- the programs and their arguments are ours

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from deploy.local.server import Unavailable

POM = Path(__file__).resolve().parents[1] / "kafka" / "pom.xml"


def jars() -> Path:
    """The folder with the jars of the pinned release; downloads them the first time. Raises `Unavailable`."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "guanxi"
    folder = cache / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
    if folder.exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _resolve(folder)
    return folder


def _resolve(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable("Maven (mvn) is not installed, and Kafka's jars are not in the cache.")
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={partial}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        errors = [line for line in done.stdout.splitlines() if "ERROR" in line]
        raise Unavailable(f"Maven could not resolve Kafka: {errors[0] if errors else done.stderr.strip()}")
    partial.rename(folder)
