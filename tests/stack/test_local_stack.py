"""The whole of Guanxi as `make stack` runs it: separate processes, real Kafka and PostgreSQL, one customer's story."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local import Kafka, Postgres
from deploy.local.service import Service, environment, initialise

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow]


class Stack:
    """The running services by name, and a client with every right."""

    def __init__(self, services: dict[str, Service], client: httpx.AsyncClient) -> None:
        self.services = services
        self._client = client

    async def post(self, service: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._client.post(self.services[service].url + path, json=body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    async def get(self, service: str, path: str) -> httpx.Response:
        return await self._client.get(self.services[service].url + path)

    async def eventually(self, service: str, path: str) -> dict[str, Any]:
        async with asyncio.timeout(30):
            while True:
                answer = await self.get(service, path)
                if answer.status_code == 200:
                    return answer.json()
                await asyncio.sleep(0.2)


@pytest.fixture
async def stack(own_kafka: Kafka, own_postgres: Postgres, tmp_path: Path) -> AsyncIterator[Stack]:
    settings = environment(tmp_path, own_kafka.bootstrap, own_postgres.url)
    await asyncio.to_thread(initialise, settings)
    services: dict[str, Service] = {}
    with ExitStack() as running:
        for words in (("customer",), ("interaction",), ("complaint",), ("scoring", "api"), ("scoring", "worker")):
            folder = tmp_path / "-".join(words)
            folder.mkdir()
            service = Service(folder, words[0], settings, *words[1:])
            await asyncio.to_thread(running.enter_context, service)
            services["-".join(words)] = service
        async with httpx.AsyncClient(timeout=10) as client:
            minted = await client.post(f"{services['customer'].url}/v1/dev/tokens", json={"role": "admin"})
            client.headers["authorization"] = f"Bearer {token_of(minted)}"
            yield Stack(services, client)


def token_of(answer: httpx.Response) -> str:
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()["access_token"]


async def test_what_one_service_records_another_scores(stack: Stack) -> None:
    branch = await stack.post("customer", "/v1/institutions", {"name": "Head office", "level": "head_office"})
    who = {"kind": "personal", "institution_id": branch["id"], "name": "Chen Meilin", "contact": {}}
    customer = await stack.post("customer", "/v1/customers", who)
    await stack.eventually("scoring-api", f"/v1/relationships/{customer['id']}")
    visit = {
        "customer_id": customer["id"],
        "channel": "counter",
        "direction": "in",
        "purpose": "service",
        "outcome": "reached",
        "occurred_at": datetime.now(UTC).isoformat(),
    }
    recorded = await stack.post("interaction", "/v1/interactions", visit)
    path = f"/v1/relationships/{customer['id']}?min_position={recorded['position']}"
    assert (await stack.eventually("scoring-api", path))["customer_id"] == customer["id"]

    await asyncio.to_thread(stack.services["scoring-worker"].kill)
    later = await stack.post("interaction", "/v1/interactions", visit)
    await asyncio.to_thread(stack.services["scoring-worker"].start)
    path = f"/v1/relationships/{customer['id']}?min_position={later['position']}"
    assert (await stack.eventually("scoring-api", path))["customer_id"] == customer["id"]
