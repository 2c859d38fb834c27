"""Fixtures for the real PostgreSQL and the real Kafka. Given in the environment, they are used; else they are started.

`GUANXI_TEST_POSTGRES` (URL of a maintenance database) and `GUANXI_TEST_KAFKA` (host:port) name running ones;
`GUANXI_REQUIRE_REAL=1` turns the skip of a missing one into a failure.
"""

import uuid
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
import pytest_asyncio

from deploy.local import Kafka, Postgres, Unavailable
from support import stack


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        stack.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        stack.end()


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """URL of a maintenance database of a real PostgreSQL."""
    try:
        return stack.postgres()
    except Unavailable as reason:
        stack.absent(reason)
        raise


@pytest_asyncio.fixture
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """URL of a database of the test's own, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    admin = await asyncpg.connect(postgres_server)
    try:
        await admin.execute(f"create database {name}")
        yield f"{postgres_server.rpartition('/')[0]}/{name}"
        await admin.execute(f"drop database {name} with (force)")
    finally:
        await admin.close()


@pytest.fixture(scope="session")
def kafka_bootstrap() -> str:
    """`host:port` of a real Kafka."""
    try:
        return stack.kafka()
    except Unavailable as reason:
        stack.absent(reason)
        raise


@pytest.fixture
def topic_prefix() -> str:
    """A prefix that no other test's topics have."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def own_kafka() -> Iterator[Kafka]:
    """A running broker of the test's own, to be killed, paused and started again."""
    yield from _own(Kafka)


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A running PostgreSQL of the test's own, to be killed, paused and started again."""
    yield from _own(Postgres)


def _own(kind: type[stack.Made]) -> Iterator[stack.Made]:
    try:
        server = stack.private(kind)
        server.start()
    except Unavailable as reason:
        stack.absent(reason)
        raise
    yield server
    server.kill()
