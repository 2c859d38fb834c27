"""Assessments on both databases; on PostgreSQL a plain role meets row-level security even without the filters."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.scoring.tables import AssessmentRow, Assessments, Ranking
from shared.auth import WHOLE_BANK, Scope
from shared.database import Database
from support.logs import sqlite_url

VERSION = 7
A, B = "ins_a", "ins_b"
ONLY_A = Scope(frozenset({A}))


@pytest.fixture
async def plain_url(postgres_server: str) -> AsyncIterator[str]:
    """A database that belongs to a role without any privileges, as in production."""
    name = f"plain_{uuid.uuid4().hex}"
    admin = await asyncpg.connect(postgres_server)
    try:
        await admin.execute(f"create role {name} login")
        await admin.execute(f"create database {name} owner {name}")
        place = postgres_server.rpartition("/")[0].rpartition("@")[2]
        yield f"postgresql://{name}@{place}/{name}"
        await admin.execute(f"drop database {name} with (force)")
        await admin.execute(f"drop role {name}")
    finally:
        await admin.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return sqlite_url(tmp_path) if request.param == "sqlite" else request.getfixturevalue("plain_url")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = Database.open(url, pool=4)
    yield opened
    await opened.close()


@pytest.fixture
async def assessments(database: Database) -> Assessments:
    made = Assessments(database, VERSION)
    await made.prepare()
    await made.prepare()
    await made.save([row(f"cus_{number}", A if number % 2 else B, strength=number // 3) for number in range(10)])
    return made


def row(customer: str, institution: str, **given: Any) -> AssessmentRow:
    values: dict[str, Any] = {
        "tier": "key",
        "manager": "",
        "strength": 1,
        "change": None,
        "day": 100,
        "policy": "p1",
        "revision": 1,
        "body": customer.encode(),
    }
    return AssessmentRow(customer=customer, institution=institution, **values | given)


async def test_a_newer_revision_replaces_and_an_older_does_not(assessments: Assessments) -> None:
    await assessments.save([])
    await assessments.save([row("cus_1", A, revision=3, body=b"three")])
    await assessments.save([row("cus_1", A, revision=2, body=b"two")])
    assert (await assessments.get(["cus_1"], WHOLE_BANK))["cus_1"].body == b"three"
    await assessments.save([row("cus_1", A, revision=3, body=b"another day")])
    assert (await assessments.get(["cus_1"], WHOLE_BANK))["cus_1"].body == b"another day"
    assert await assessments.revisions(["cus_1", "cus_2", "cus_none"]) == {"cus_1": 3, "cus_2": 1}


async def test_a_scope_shows_its_own_alone(assessments: Assessments) -> None:
    everybody = [f"cus_{number}" for number in range(10)]
    mine = await assessments.get(everybody, ONLY_A)
    assert sorted(mine) == ["cus_1", "cus_3", "cus_5", "cus_7", "cus_9"]
    assert await assessments.get(everybody, Scope(frozenset())) == {}
    assert await assessments.get(everybody, Scope(frozenset({"*"}))) == {}
    ranked = await assessments.ranking(Ranking("strength"), ONLY_A, {}, None, 100)
    assert {each.institution for each in ranked} == {A}
    assert await assessments.ranking(Ranking("strength"), ONLY_A, {"institution": B}, None, 100) == []
    assert len(await assessments.get(everybody, WHOLE_BANK)) == 10


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_pages_repeat_nothing_and_leave_nothing_out(
    assessments: Assessments, descending: bool, limit: int
) -> None:
    ranking, after, found = Ranking("strength", descending), None, []
    while page := await assessments.ranking(ranking, WHOLE_BANK, {}, after, limit):
        found += [(each.strength, each.customer) for each in page]
        after = found[-1]
    assert found == sorted(found, reverse=descending)
    assert len(set(found)) == len(found) == 10


async def test_who_has_no_comparison_is_not_ranked_by_it(assessments: Assessments) -> None:
    assert await assessments.ranking(Ranking("change"), WHOLE_BANK, {}, None, 100) == []
    await assessments.save([row("cus_4", B, change=-5), row("cus_5", A, change=-7)])
    ranked = await assessments.ranking(Ranking("change"), WHOLE_BANK, {}, None, 100)
    assert [each.customer for each in ranked] == ["cus_5", "cus_4"]


async def test_what_is_of_an_earlier_day_or_another_policy_is_found_page_by_page(assessments: Assessments) -> None:
    assert await assessments.outdated(100, "p1", "", 100) == []
    await assessments.save([row("cus_3", A, day=101)])
    first = await assessments.outdated(101, "p1", "", 5)
    assert first == ["cus_0", "cus_1", "cus_2", "cus_4", "cus_5"]
    assert await assessments.outdated(101, "p1", first[-1], 5) == ["cus_6", "cus_7", "cus_8", "cus_9"]
    assert len(await assessments.outdated(100, "p2", "", 100)) == 10


@pytest.mark.postgres
async def test_row_level_security_holds_without_any_filter(plain_url: str) -> None:
    database = Database.open(plain_url, pool=2)
    try:
        assessments = Assessments(database, VERSION)
        await assessments.prepare()
        await assessments.save([row("cus_1", A), row("cus_2", B), row("cus_3", "")])
    finally:
        await database.close()
    table = f"assessments_v{VERSION}"
    connection = await asyncpg.connect(plain_url)
    try:

        async def visible(setting: str | None) -> list[str]:
            async with connection.transaction():
                if setting is not None:
                    await connection.execute("select set_config('guanxi.institutions', $1, true)", setting)
                return [each[0] for each in await connection.fetch(f"select customer from {table} order by customer")]

        assert await visible(None) == []
        assert await visible(A) == ["cus_1"]
        assert await visible(f"{A},{B}") == ["cus_1", "cus_2"]
        assert await visible("") == []
        assert await visible("*") == ["cus_1", "cus_2", "cus_3"]
        assert await visible(None) == [], "the setting ends with its transaction"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                f"insert into {table} (customer, institution, tier, manager, strength, day, policy, revision, body)"
                f" values ('cus_9', '{B}', '', '', 1, 1, '', 1, '')"
            )
    finally:
        await connection.close()
