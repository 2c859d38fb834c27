"""Contacts and complaints on PostgreSQL: replicas agree, and with Kafka the directory comes by topic."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from services.complaint import app as complaint
from services.customer import app as customer
from services.interaction import app as interaction
from services.interaction.sweep import overdue_promises
from shared.sweep import Sweep
from shared.topics import DEAD_LETTER, Topics, create_topics
from support.contacts import get, opened, post
from support.hosted import Hosted, hosted

pytestmark = pytest.mark.postgres
SERVICES = (customer.compose, interaction.compose, complaint.compose)
CONTACT = {"channel": "counter", "direction": "in", "purpose": "service", "outcome": "resolved"}
COMPLAINT = {"channel": "counter", "product": "card", "issue": "fee", "severity": "minor"}


async def test_replicas_agree_and_sweep_once(databases: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {"log": databases, "pool": 4}
    async with hosted(SERVICES, tmp_path, **given) as one, hosted(SERVICES, tmp_path, **given) as other:
        bank = await opened(one)
        promised = {"customer_id": bank.customer, "owner_id": "e1", "due": "2026-03-03", "occurred_at": "2026-03-02"}
        promises = [await post(one.admin, "/v1/promises", promised) for _ in range(20)]
        shown = await get(other.admin, f"/v1/promises/{promises[-1]['id']}", promises[-1])
        assert shown["status"] == "open"
        later = datetime.now(UTC) + timedelta(minutes=1)
        await asyncio.gather(*(sweep(app, later) for app in (one, other, one, other)))
        assert await broken(databases) == [receipt["id"] for receipt in sorted(promises, key=lambda r: r["id"])]
        stranger = other.client("branch_manager", bank.elsewhere)
        await get(stranger, f"/v1/promises/{promises[0]['id']}", promises[0], 404)
        assert (await get(stranger, "/v1/promises", promises[0]))["items"] == []


async def sweep(app: Hosted, now: datetime) -> int:
    service = app.app.state.services["interaction"]
    due = overdue_promises(service.views, ZoneInfo("Asia/Shanghai"))
    return await Sweep("test-sweep", service.executor, due, clock=lambda: now).once()


async def broken(databases: str) -> list[str]:
    connection = await asyncpg.connect(f"{databases}_interaction")
    try:
        rows = await connection.fetch("select stream from events where type = 'promise.broken' order by stream")
    finally:
        await connection.close()
    return [row["stream"].partition("-")[2] for row in rows]


@pytest.mark.kafka
async def test_with_kafka_the_directory_comes_by_topic(databases: str, kafka_bootstrap: str, tmp_path: Path) -> None:
    prefix = f"test-{uuid.uuid4().hex[:8]}"
    shorts = ["customer", "transaction", "interaction", "complaint", DEAD_LETTER]
    await create_topics(kafka_bootstrap, Topics(prefix).names(shorts), 3)
    given = {"log": databases, "feed": f"kafka://{kafka_bootstrap}", "topic_prefix": prefix, "partitions": 3, "pool": 4}
    async with hosted(SERVICES, tmp_path, **given) as app:
        bank = await opened(app)
        contact = await until_known(app, "/v1/interactions", CONTACT | {"customer_id": bank.customer})
        assert (await get(app.admin, f"/v1/interactions/{contact['id']}", contact))["institution_id"] == bank.branch
        received = await until_known(app, "/v1/complaints", COMPLAINT | {"customer_id": bank.customer})
        mine = app.client("branch_manager", bank.branch)
        assert (await get(mine, f"/v1/complaints/{received['id']}", received))["status"] == "received"


async def until_known(app: Hosted, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The receipt, once the customer has arrived; joining a consumer group takes a few seconds."""
    async with asyncio.timeout(60):
        while (answer := await app.admin.post(path, json=body)).status_code == 422:
            assert answer.json()["retryable"] is True
    assert answer.status_code == 201, answer.text
    return answer.json()
