"""One suite, three adapters: every test that asks for `store` or `log` runs against memory, SQLite and PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.log import EventLog
from support.logs import LogStore, sqlite_url

DURABLE = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


def _place(request: pytest.FixtureRequest, folder: Path) -> LogStore:
    kind: str = request.param
    urls = {"memory": lambda: None, "sqlite": lambda: sqlite_url(folder)}
    return LogStore(kind, urls.get(kind, lambda: request.getfixturevalue("postgres_url"))())


@pytest.fixture(params=["memory", *DURABLE])
def any_place(request: pytest.FixtureRequest, tmp_path: Path) -> LogStore:
    return _place(request, tmp_path)


@pytest.fixture(params=DURABLE)
def durable_place(request: pytest.FixtureRequest, tmp_path: Path) -> LogStore:
    return _place(request, tmp_path)


@pytest.fixture
async def store(any_place: LogStore) -> AsyncIterator[LogStore]:
    yield any_place
    await any_place.close()


@pytest.fixture
async def durable(durable_place: LogStore) -> AsyncIterator[LogStore]:
    yield durable_place
    await durable_place.close()


@pytest.fixture
async def log(store: LogStore) -> EventLog:
    return await store.open()
