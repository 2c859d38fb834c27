"""B3 and B4: commands over HTTP, one by one and in bulk."""

import json
import time
import uuid
from collections.abc import Sequence
from typing import Any

import asyncpg

from shared.identifiers import derived
from tests.bench.client import request
from tests.bench.places import Bare, Installed, Place
from tests.bench.results import Claim

CONNECTIONS = 64
MOST = 4_000
"""Requests a second that no Python server reaches: so many are prepared."""
LINES = 1_000
SENDERS = 4
COLUMNS = ("position", "stream", "version", "key", "type", "schema", "data", "meta", "occurred_at", "recorded_at")


async def posts(place: Place) -> list[Claim]:
    """A transaction and an interaction."""
    found = await place.installed()
    folder = place.folder / "bare-posts"
    folder.mkdir()
    claims: list[Claim] = []
    with Bare(folder) as bare:
        for path, service, make in (
            ("/v1/transactions", "customer", transaction),
            ("/v1/interactions", "interaction", contact),
        ):
            before = await _posted(place, found, bare.port, path, make)
            ours = await _posted(place, found, found.port(service), path, make)
            after = await _posted(place, found, bare.port, path, make)
            claims += _claims(path, ours, before, after, place.seconds)
    return claims


async def bulk(place: Place) -> list[Claim]:
    """Lines of transactions, sent by a few clients, against COPY of the very same events."""
    found = await place.installed()
    requests = place.sized(20_000) // LINES or 1
    number = requests * LINES
    bodies = [[transaction(found, each * LINES + line) for line in range(LINES)] for each in range(requests)]
    sent = [
        request(
            "POST",
            "/v1/transactions/bulk",
            found.token,
            b"".join(json.dumps(body).encode() + b"\n" for body in lines),
            "application/x-ndjson",
        )
        for lines in bodies
    ]
    connection = await asyncpg.connect(found.database("customer"))
    try:
        head = await connection.fetchval("select max(position) from events")
        said = await place.traffic(
            kind="closed", port=found.port("customer"), requests=sent, connections=SENDERS, warm=0.0, seconds=600.0
        )
        _only(said, 200)
        columns = ", ".join(COLUMNS)
        rows = await connection.fetch(f"select {columns} from events where position > $1 order by position", head)
        if len(rows) != number:
            raise RuntimeError(f"{len(rows)} of {number} lines were recorded")
        await connection.execute("create temp table copied (like events including indexes)")
        started = time.perf_counter()
        await connection.copy_records_to_table("copied", records=rows, columns=COLUMNS)
        copied = time.perf_counter() - started
    finally:
        await connection.close()
    return [
        Claim(
            path="B4",
            what="bulk NDJSON of transactions",
            ours=said["rate"] * LINES,
            unit="lines/s",
            limit=number / copied,
            against="COPY into an indexed table",
            floor=0.15,
            aim=0.40,
            size=f"{number:,} lines, {LINES:,} a request, {SENDERS} senders",
            notes={"client_cpu": said["client_cpu"]},
        )
    ]


def transaction(found: Installed, number: int) -> dict[str, Any]:
    """A body that nobody sent before."""
    people = found.writer.customers
    account = derived("acc", found.system, f"account-{number % len(people)}")
    return {
        "reference": {"system": "bench", "id": uuid.uuid4().hex},
        "account_id": account,
        "credit_debit_indicator": "CRDT" if number % 3 else "DBIT",
        "amount": {"amount": f"{1 + number % 97}.{number % 100:02}", "currency": "CNY"},
        "booking_date": "2026-03-02",
        "initiated_by": "customer",
        "channel": "mobile",
    }


def contact(found: Installed, number: int) -> dict[str, Any]:
    """A contact that nobody sent before."""
    people = found.writer.customers
    return {
        "reference": {"system": "bench", "id": uuid.uuid4().hex},
        "customer_id": people[number % len(people)],
        "channel": "counter",
        "direction": "in",
        "purpose": "service",
        "outcome": "resolved",
        "employee_id": "emp_1",
        "duration_seconds": 300,
    }


async def _posted(place: Place, found: Installed, port: int, path: str, make: Any) -> dict[str, Any]:
    number = round(MOST * (place.seconds + 1))
    requests = [request("POST", path, found.token, make(found, each)) for each in range(number)]
    said = await place.traffic(
        kind="closed", port=port, requests=requests, connections=CONNECTIONS, warm=1.0, seconds=place.seconds
    )
    _only(said, 201)
    return said


def _only(said: dict[str, Any], status: int) -> None:
    """A benchmark of refusals would be a fast one."""
    if set(said["statuses"]) != {str(status)}:
        raise RuntimeError(f"the server answered {said['statuses']}")


def _claims(
    path: str, ours: dict[str, Any], before: dict[str, Any], after: dict[str, Any], seconds: float
) -> Sequence[Claim]:
    size = f"{CONNECTIONS} keep-alive clients, {seconds:.0f} s"
    clients = {"client_cpu": {"ours": ours["client_cpu"], "limit": max(before["client_cpu"], after["client_cpu"])}}
    what = f"POST {path}"
    return (
        Claim(
            path="B3",
            what=what,
            ours=ours["rate"],
            unit="requests/s",
            limit=(before["rate"] + after["rate"]) / 2,
            against="bare FastAPI",
            floor=0.50,
            aim=0.85,
            size=size,
            notes=clients | {"p50_ms": ours["p50_ms"]},
        ),
        Claim(
            path="B3",
            what=f"{what}, p99",
            ours=ours["p99_ms"],
            unit="ms",
            limit=(before["p99_ms"] + after["p99_ms"]) / 2,
            against="bare FastAPI",
            better="less",
            floor=5.0,
            size=size,
        ),
    )
