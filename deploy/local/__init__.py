"""A real Apache Kafka and a real PostgreSQL on loopback, from installed programs and without Docker."""

from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres
from deploy.local.server import Server, StartFailed, Unavailable

__all__ = ["Kafka", "Postgres", "Server", "StartFailed", "Unavailable"]
