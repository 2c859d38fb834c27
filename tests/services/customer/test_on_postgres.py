"""Two replicas on one PostgreSQL: what one has answered, the other shows."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.customer.app import compose
from support.hosted import Hosted, hosted, ndjson, send_lines

pytestmark = pytest.mark.postgres


@pytest.fixture
async def databases(postgres_server: str) -> AsyncIterator[str]:
    """What GUANXI_LOG would be: each service has a database whose name begins like that."""
    name = f"test_{uuid.uuid4().hex}"
    admin = await asyncpg.connect(postgres_server)
    try:
        for service in ("customer", "vault"):
            await admin.execute(f"create database {name}_{service}")
        yield f"{postgres_server.rpartition('/')[0]}/{name}"
        for service in ("customer", "vault"):
            await admin.execute(f"drop database {name}_{service} with (force)")
    finally:
        await admin.close()


async def test_replicas_agree(databases: str, tmp_path: Path, found: Callable[[Hosted], Awaitable[Any]]) -> None:
    given = {"log": databases, "pool": 4}
    async with hosted(compose, tmp_path, **given) as one, hosted(compose, tmp_path, **given) as other:
        bank = await found(one)
        lines = ndjson(bank.transaction(f"t{number}") for number in range(300))
        verdicts, _ = await send_lines(one.admin, "/v1/transactions/bulk", lines)
        query = {"min_position": verdicts[-1]["position"]}
        answer = await other.admin.get(f"/v1/accounts/{bank.account}", params=query)
        assert answer.json()["transactions"] == 300
        _, again = await send_lines(other.admin, "/v1/transactions/bulk", lines)
        assert again["replayed"] == 300
        stranger = other.client("teller", bank.other_branch)
        assert (await stranger.get(f"/v1/customers/{bank.customer}")).status_code == 404
        mine = other.client("teller", bank.branch)
        assert (await mine.get(f"/v1/customers/{bank.customer}")).json()["personal"]["name"] == "Wang Fang"
