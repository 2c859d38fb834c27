"""Apache Kafka in KRaft mode, one node that is broker and controller, run by the installed Java."""

# ruff: noqa: S603 -- the programs and their arguments are ours

import base64
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

from deploy.local.jars import jars
from deploy.local.server import Server, StartFailed, Unavailable, free_port

HEAP = "512m"
API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)
"""The smallest request that a broker answers: ApiVersions 0, correlation id 1, no client id."""


class Kafka(Server):
    """One broker without replication and without automatic topics: for development and tests only."""

    name = "kafka"

    def __init__(self, folder: Path, port: int = 0) -> None:
        super().__init__(folder, port)
        self._controller = free_port()

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return f"127.0.0.1:{self.port}"

    def command(self) -> Sequence[str]:
        settings = self.folder / "server.properties"
        classpath = ["-cp", f"{jars()}/*"]
        if not settings.exists():
            settings.write_text(self._settings())
            cluster = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
            tool = [
                java(),
                *classpath,
                "kafka.tools.StorageTool",
                "format",
                f"--cluster-id={cluster}",
                "-c",
                str(settings),
            ]
            done = subprocess.run(tool, check=False, capture_output=True, text=True)
            if done.returncode:
                settings.unlink()
                raise StartFailed(f"Kafka could not format its storage: {done.stderr.strip()[-500:]}")
        return [java(), f"-Xmx{HEAP}", "-XX:+UseSerialGC", *classpath, "kafka.Kafka", str(settings)]

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(API_VERSIONS)
                return len(connection.recv(4)) == 4
        except OSError:
            return False

    def _settings(self) -> str:
        controller = f"127.0.0.1:{self._controller}"
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self.folder / "data"),
            "auto.create.topics.enable": "false",
            "default.replication.factor": "1",
            "min.insync.replicas": "1",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "share.coordinator.state.topic.num.partitions": "1",
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())


def java() -> str:
    """The Java program. Raises `Unavailable`."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if found is None:
        raise Unavailable("Java is not installed; Apache Kafka needs Java 17 or newer.")
    return found
