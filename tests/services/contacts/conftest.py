import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

SERVICES = ("customer", "interaction", "complaint", "vault")


@pytest.fixture
async def databases(postgres_server: str) -> AsyncIterator[str]:
    """What GUANXI_LOG would be: each service has a database whose name begins like that."""
    name = f"test_{uuid.uuid4().hex}"
    admin = await asyncpg.connect(postgres_server)
    try:
        for service in SERVICES:
            await admin.execute(f"create database {name}_{service}")
        yield f"{postgres_server.rpartition('/')[0]}/{name}"
        for service in SERVICES:
            await admin.execute(f"drop database {name}_{service} with (force)")
    finally:
        await admin.close()
