"""B5: reading one relationship, against a framework that reads one row."""

import asyncpg

from tests.bench.client import request
from tests.bench.places import Bare, Place
from tests.bench.posts import CONNECTIONS, MOST
from tests.bench.results import Claim


async def reads(place: Place) -> list[Claim]:
    """Customers in turn."""
    found = await place.installed()
    url = found.database("scoring")
    await _copied(url)
    number = round(MOST * (place.seconds + 1))
    people = found.writer.customers
    requests = [
        request("GET", f"/v1/relationships/{people[each % len(people)]}", found.token) for each in range(number)
    ]
    folder = place.folder / "bare-reads"
    folder.mkdir()
    with Bare(folder, url) as bare:
        said = [
            await place.traffic(
                kind="closed", port=port, requests=requests, connections=CONNECTIONS, warm=1.0, seconds=place.seconds
            )
            for port in (bare.port, found.port("scoring-api"), bare.port)
        ]
    if any(set(each["statuses"]) != {"200"} for each in said):
        raise RuntimeError(f"answers were {[each['statuses'] for each in said]}")
    before, ours, after = said
    size = f"{len(people):,} customers, {CONNECTIONS} keep-alive clients, {place.seconds:.0f} s"
    return [
        Claim(
            path="B5",
            what="GET /v1/relationships/{id}",
            ours=ours["rate"],
            unit="requests/s",
            limit=(before["rate"] + after["rate"]) / 2,
            against="bare FastAPI with one asyncpg row",
            floor=0.50,
            aim=0.90,
            size=size,
            notes={"client_cpu": [each["client_cpu"] for each in said], "p99_ms": [each["p99_ms"] for each in said]},
        )
    ]


async def _copied(url: str) -> None:
    """The same bodies in a plain table, for the bare reader."""
    connection = await asyncpg.connect(url)
    try:
        table = await connection.fetchval(
            "select tablename from pg_tables where tablename like 'assessments\\_v%' and schemaname = 'public'"
        )
        await connection.execute("select set_config('guanxi.institutions', '*', false)")
        await connection.execute("drop table if exists bare")
        await connection.execute(f"create table bare as select customer, body from {table}")
        await connection.execute("alter table bare add primary key (customer)")
        await connection.execute("analyze bare")
    finally:
        await connection.close()
