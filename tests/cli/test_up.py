"""`guanxi up` as a process: it starts, says where it is, and Ctrl-C ends it in order."""

import os
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from deploy.local.server import free_port
from deploy.local.service import GUANXI, ROOT


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_that_is_asked_for_drains_and_is_no_failure(tmp_path: Path, asked: signal.Signals) -> None:
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GUANXI_")}
    process = subprocess.Popen(
        [*GUANXI, "up", "--port", str(port), "--data", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**kept, "GUANXI_METRICS_PORT": "0"},
        cwd=ROOT,
    )
    _ready(process, port)
    process.send_signal(asked)
    said, _ = process.communicate(timeout=30)

    assert process.returncode == 0, said
    assert "Stopping, what is in hand is finished first" in said
    assert "Stopped; everything is in" in said
    assert "Traceback" not in said


def _ready(process: "subprocess.Popen[str]", port: int) -> None:
    for _ in range(300):
        assert process.poll() is None, "it ended by itself"
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError("it did not become ready")
