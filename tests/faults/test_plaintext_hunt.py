"""Marked personal values go in everywhere, rightly and wrongly; then everything that is kept or said is searched."""

import asyncio
import http.server
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.service import DATABASES
from support.embedded import Embedded
from support.installation import PARTITIONS, Installation, installed

MARKS = {
    "name": "Zyxwv Qlorbn",
    "phone": "+86 9988776655",
    "phone digits": "9988776655",
    "email": "zyxwv@qlorbn.example",
    "street": "Qlorbn Street 998877",
    "identity": "ZYX998877665544QL",
    "birth": "1961-07-23",
    "fact": "zyxwv likes blue orchids",
    "notes": "zyxwv told us of the divorce",
    "narrative": "zyxwv was shouted at",
    "investigation": "the clerk shouted at zyxwv",
    "promise": "we give zyxwv the key back",
    "counterparty": "CN66 QLORBN 0099 8877",
    "renamed": "Zyxwv Umgestellt",
    "wrong": "zyxwv in the wrong place",
    "key": "key-zyxwv-998877",
}
CLEAR = b"recorded at the wrong counter"
MONEY = {"amount": "12.50", "currency": "CNY"}


class Bank:
    """Callers of a running Guanxi, whatever its processes are. Every answer to a refusal is searched at once."""

    def __init__(self, urls: Mapping[str, str], client: httpx.AsyncClient) -> None:
        self.urls = urls
        self.client = client

    async def send(self, method: str, service: str, path: str, **given: Any) -> httpx.Response:
        """The answer; who is not known yet to a service is named again until a minute is over."""
        until = time.monotonic() + 60
        while True:
            answer = await self.client.request(method, self.urls[service] + path, **given)
            if "x-expected" in given.get("headers", {}) or b'"retryable":true' not in answer.content:
                return answer
            assert time.monotonic() < until, answer.text
            await asyncio.sleep(0.2)

    async def record(self, service: str, path: str, body: Any, method: str = "POST", **given: Any) -> dict[str, Any]:
        answer = await self.send(method, service, path, json=body, **given)
        assert answer.status_code in {200, 201}, (path, answer.text)
        return answer.json()

    async def refused(self, method: str, service: str, path: str, **given: Any) -> None:
        headers = {"x-expected": "refusal", **given.pop("headers", {})}
        answer = await self.send(method, service, path, headers=headers, **given)
        assert 400 <= answer.status_code < 500, (path, answer.status_code)
        assert hits(answer.content) == [], (path, answer.text)
        assert hits(str(answer.headers).encode()) == [], path


def hits(content: bytes) -> list[str]:
    lowered = content.lower()
    return [name for name, value in MARKS.items() if value.lower().encode() in lowered]


async def sow(bank: Bank) -> str:
    """Every personal value through every route that takes one. Returns the customer."""
    head = (await bank.record("customer", "/v1/institutions", {"name": "Head", "level": "head_office"}))["id"]
    person = {
        "kind": "personal",
        "institution_id": head,
        "name": MARKS["name"],
        "birth_date": MARKS["birth"],
        "identity_number": MARKS["identity"],
        "contact": {"phone": MARKS["phone"], "email": MARKS["email"], "address": MARKS["street"]},
    }
    who = (await bank.record("customer", "/v1/customers", person, headers={"Idempotency-Key": MARKS["key"]}))["id"]
    path = f"/v1/customers/{who}"
    bulk = {**person, "allow_duplicate": True, "name": MARKS["renamed"]}
    await lines(bank, "customer", "/v1/customers/bulk", bulk)
    fact = {"topic": "hobby", "value": MARKS["fact"], "purpose": "care"}
    await bank.record("customer", f"{path}/dossier-facts", fact)
    await bank.record("customer", path, {"name": MARKS["renamed"]}, "PATCH", headers={"If-Match": "*"})
    opening = {"customer_id": who, "product": "demand_deposit", "currency": "CNY", "since": "2026-01-01"}
    account = (await bank.record("customer", "/v1/accounts", opening))["id"]
    order = {"amount": MONEY, "counterparty": MARKS["counterparty"]}
    await bank.record("customer", f"/v1/accounts/{account}/standing-orders", order)
    posting = {
        "reference": {"system": "core", "id": "1"},
        "account_id": account,
        "credit_debit_indicator": "CRDT",
        "amount": MONEY,
        "booking_date": "2026-02-01",
        "initiated_by": "customer",
        "counterparty": MARKS["counterparty"],
    }
    await bank.record("customer", "/v1/transactions", posting)
    await lines(bank, "customer", "/v1/transactions/bulk", {**posting, "reference": {"system": "core", "id": "2"}})
    contact = {"customer_id": who, "channel": "counter", "direction": "in", "purpose": "service", "outcome": "reached"}
    noted = await bank.record("interaction", "/v1/interactions", {**contact, "notes": MARKS["notes"]})
    await lines(bank, "interaction", "/v1/interactions/bulk", {**contact, "notes": MARKS["notes"]})
    corrected = {**contact, "channel": "visit", "reason": CLEAR.decode()}
    await bank.record("interaction", f"/v1/interactions/{noted['id']}/correction", corrected)
    promise = {"customer_id": who, "owner_id": "e1", "due": "2027-01-01", "text": MARKS["promise"]}
    await bank.record("interaction", "/v1/promises", promise)
    complaint = {"customer_id": who, "channel": "counter", "product": "card", "issue": "fee"}
    received = await bank.record("complaint", "/v1/complaints", {**complaint, "narrative": MARKS["narrative"]})
    await lines(bank, "complaint", "/v1/complaints/bulk", {**complaint, "narrative": MARKS["narrative"]})
    note = {"note": MARKS["investigation"]}
    await bank.record("complaint", f"/v1/complaints/{received['id']}/investigation-notes", note)
    shown = (await bank.send("GET", "customer", path)).json()
    assert shown["personal"]["name"] == MARKS["renamed"], "the values did go in"
    assert len((await bank.send("GET", "customer", "/v1/customers", params={"q": MARKS["phone"]})).json()["items"]) == 1
    await provoke(bank, head, who, account)
    return who


async def lines(bank: Bank, service: str, path: str, body: dict[str, Any]) -> None:
    """One good line, and bad ones that hold marks."""
    bad = [{**body, MARKS["wrong"]: 1}, {**body, "reference": MARKS["wrong"]}, MARKS["wrong"]]
    content = b"".join(json.dumps(each).encode() + b"\n" for each in [body, *bad]) + MARKS["wrong"].encode()
    answer = await bank.send(
        "POST", service, path, content=content, headers={"content-type": "application/x-ndjson", "x-expected": "mixed"}
    )
    assert answer.status_code == 200, answer.text
    assert answer.text.splitlines()[0].startswith('{"line":1,"status":"accepted"'), answer.text
    assert hits(answer.content) == [], answer.text


async def provoke(bank: Bank, head: str, who: str, account: str) -> None:
    """Errors of all kinds, with marks in them."""
    wrong, nobody = MARKS["wrong"], "cus_" + "0" * 32
    contact = {"channel": "counter", "direction": "in", "purpose": "service", "outcome": "reached"}
    for service, path, body in (
        ("customer", "/v1/customers", {"kind": wrong, "institution_id": head, "name": MARKS["name"]}),
        ("customer", "/v1/customers", {"kind": "personal", "institution_id": wrong, "name": [MARKS["name"]]}),
        ("customer", "/v1/customers", {"kind": "personal", "institution_id": head, "name": MARKS["name"], wrong: 1}),
        ("customer", "/v1/customers", {"kind": "personal", "institution_id": head, "name": "x", "birth_date": wrong}),
        ("customer", "/v1/customers", {"kind": "personal", "institution_id": head, "name": MARKS["name"] * 50}),
        ("customer", "/v1/customers", {"kind": "personal", "institution_id": head, "name": MARKS["name"] + "\x00"}),
        (
            "customer",
            "/v1/customers",
            {"kind": "personal", "institution_id": head, "name": "x", "identity_number": MARKS["identity"]},
        ),
        ("customer", f"/v1/customers/{nobody}/dossier-facts", {"topic": "t", "value": MARKS["fact"], "purpose": "p"}),
        (
            "customer",
            f"/v1/accounts/{account}/standing-orders",
            {"amount": wrong, "counterparty": MARKS["counterparty"]},
        ),
        ("customer", "/v1/transactions", {"counterparty": MARKS["counterparty"], "account_id": wrong}),
        ("interaction", "/v1/interactions", {**contact, "customer_id": nobody, "notes": MARKS["notes"]}),
        ("interaction", "/v1/interactions", {**contact, "customer_id": who, "channel": wrong, "notes": MARKS["notes"]}),
        (
            "interaction",
            "/v1/promises",
            {"customer_id": who, "owner_id": wrong, "due": wrong, "text": MARKS["promise"]},
        ),
        ("complaint", "/v1/complaints", {"customer_id": nobody, "narrative": MARKS["narrative"], "issue": "x"}),
        ("complaint", f"/v1/complaints/cmp_{'0' * 32}/investigation-notes", {"note": MARKS["investigation"]}),
        ("scoring", "/v1/relationships/batch", {"customer_ids": [MARKS["identity"]], wrong: 1}),
    ):
        await bank.refused("POST", service, path, json=body)
    for service, path in (("customer", "/v1/customers"), ("interaction", "/v1/interactions")):
        await bank.refused("POST", service, path, content=b'{"name": "' + wrong.encode())
        await bank.refused("POST", service, path, content=wrong.encode(), headers={"content-type": "text/plain"})
    await bank.refused("GET", "customer", f"/v1/customers/{MARKS['identity']}")
    await bank.refused("GET", "scoring", f"/v1/relationships/{MARKS['identity']}")
    await bank.refused("GET", "scoring", "/v1/relationships", params={"manager": MARKS["name"]})
    await bank.refused("GET", "customer", "/v1/customers", params={"cursor": MARKS["identity"]})
    await bank.refused("GET", "customer", f"/nowhere/{MARKS['identity']}", params={"q": MARKS["phone"]})
    await bank.refused("GET", "customer", f"/v1/customers/{who}", params={"min_position": wrong})
    await bank.refused("GET", "customer", f"/v1/customers/{who}", headers={"authorization": f"Bearer {MARKS['key']}"})
    headers = {"If-Match": MARKS["key"], "Idempotency-Key": MARKS["wrong"]}
    await bank.refused("PATCH", "customer", f"/v1/customers/{who}", json={"name": MARKS["name"]}, headers=headers)


class Collector:
    """Takes spans as OTLP over HTTP and keeps what came."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        received = self.received

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


@asynccontextmanager
async def caller(urls: Mapping[str, str]) -> AsyncIterator[Bank]:
    async with httpx.AsyncClient(timeout=30) as client:
        minted = await client.post(f"{urls['customer']}/v1/dev/tokens", json={"role": "admin"})
        client.headers["authorization"] = f"Bearer {minted.json()['access_token']}"
        yield Bank(urls, client)


async def scored(bank: Bank, customer: str) -> None:
    """Until the complaint has reached the score: everything has been folded, assessed and published."""
    async with asyncio.timeout(60):
        while True:
            answer = await bank.client.get(f"{bank.urls['scoring']}/v1/relationships/{customer}")
            if answer.status_code == 200 and answer.json()["satisfaction"]["episodes"]:
                break
            await asyncio.sleep(0.2)
    for part in ("", "/explanation", "/timeline"):
        answer = await bank.client.get(f"{bank.urls['scoring']}/v1/relationships/{customer}{part}")
        assert answer.status_code == 200
        assert hits(answer.content) == [], answer.text


async def metrics(port: str) -> bytes:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{port}/metrics")
    assert b"http_server_request_duration_seconds" in answer.content
    return answer.content


async def test_nothing_is_kept_in_clear_on_sqlite(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    process = Embedded(tmp_path)
    await asyncio.to_thread(process.start)
    try:
        services = ("customer", "interaction", "complaint", "scoring")
        async with caller(dict.fromkeys(services, process.url)) as bank:
            await scored(bank, await sow(bank))
        said = {"metrics": await metrics(process.metrics_port)}
        said |= contents(tmp_path)
        assert {"customer.db", "interaction.db", "complaint.db", "scoring.db", "vault.db"} <= said.keys()
        assert any(name.endswith("-wal") for name in said), "what is not in the files yet is searched too"
    finally:
        await asyncio.to_thread(process.stop)
    after = contents(tmp_path)
    assert collector.received, "spans were sent"
    traces = {f"span {number}": content for number, content in enumerate(collector.received)}
    clean({**said, **{f"after {name}": content for name, content in after.items()}, **traces})


@pytest.mark.kafka
@pytest.mark.postgres
async def test_nothing_is_kept_in_clear_on_kafka_and_postgresql(
    kafka_bootstrap: str, postgres_server: str, tmp_path: Path
) -> None:
    async with installed(tmp_path, kafka_bootstrap, postgres_server) as installation:
        urls = {
            name.partition("-")[0]: each.url for name, each in installation.processes.items() if "worker" not in name
        }
        async with caller(urls) as bank:
            await scored(bank, await sow(bank))
        records = await published(kafka_bootstrap, installation.name)
        assert {topic.rpartition(".")[0].rpartition(".")[2] for topic, _ in records} == {
            "customer",
            "transaction",
            "interaction",
            "complaint",
            "relationship",
        }
        assert any(CLEAR in content for _, content in records)
        said = {f"{topic} {number}": content for number, (topic, content) in enumerate(records)}
        said |= await tables(installation)
        for name, process in installation.processes.items():
            said[f"metrics of {name}"] = await metrics(process.metrics_port)
        clean({**said, **contents(tmp_path)})


def contents(folder: Path) -> dict[str, bytes]:
    """Every file: databases with their write-ahead logs, keys, and what the processes have written."""
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def clean(places: Mapping[str, bytes]) -> None:
    assert any(CLEAR in content for content in places.values()), "what may be in clear is found: the search works"
    found = {place: hits(content) for place, content in places.items() if hits(content)}
    assert found == {}


async def published(bootstrap: str, prefix: str) -> list[tuple[str, bytes]]:
    """(topic, key, value and headers) of every record of an installation."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        topics = [topic for topic in await consumer.topics() if topic.startswith(prefix)]
        partitions = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
        ends = {partition: end for partition, end in (await consumer.end_offsets(partitions)).items() if end}
        consumer.assign(list(ends))
        await consumer.seek_to_beginning(*ends)
        records: list[tuple[str, bytes]] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                records += [
                    (record.topic, b" ".join([record.key or b"", record.value or b"", repr(record.headers).encode()]))
                    for record in batch
                ]
        return records
    finally:
        await consumer.stop()


async def tables(installation: Installation) -> dict[str, bytes]:
    """Every row of every table of its databases, bytes as they are."""
    found: dict[str, bytes] = {}
    for service in DATABASES:
        connection = await asyncpg.connect(f"{installation.settings['GUANXI_LOG']}_{service}")
        try:
            names = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
            await connection.execute("select set_config('guanxi.institutions', '*', false)")
            for (table,) in names:
                rows = await connection.fetch(f'select * from "{table}"')
                found[f"{service}.{table}"] = b"\n".join(raw(value) for row in rows for value in row.values())
        finally:
            await connection.close()
    assert found["customer.events"]
    return found


def raw(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
