"""One suite, two stores: every test that asks for `database` or `store` runs on SQLite and on the real PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.database import Database
from shared.projection_store import ProjectionStore
from shared.stores import open_store
from shared.views import ViewStore
from support.ledger import Fold
from support.logs import sqlite_url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return sqlite_url(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = Database.open(url, pool=4)
    yield opened
    await opened.close()


@pytest.fixture
def fold() -> Fold:
    return Fold()


@pytest.fixture
async def store(database: Database, fold: Fold) -> ProjectionStore:
    store = open_store(fold.projection, database)
    await store.prepare()
    return store


@pytest.fixture
def views(database: Database, fold: Fold) -> ViewStore:
    return ViewStore(fold.projection, database)
