"""PostgreSQL itself refuses rows out of scope, to a role that neither owns the tables nor is a superuser."""

import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.auth import Scope
from shared.database import Database
from shared.projection_store import Change, ProjectionStore
from shared.stores import open_store
from shared.views import ViewStore
from support.ledger import Fold

from .changes import change, event, move, row

pytestmark = pytest.mark.postgres
ROWS, TIMELINE = "select id from ledger_v1_rows order by id", "select position from ledger_timeline order by position"


@pytest.fixture
def url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture
async def reader_url(postgres_url: str, store: ProjectionStore) -> AsyncIterator[str]:
    """A login of its own, which may do everything that grants can give."""
    role = f"reader_{uuid.uuid4().hex[:12]}"
    admin = await asyncpg.connect(postgres_url)
    try:
        await admin.execute(f"create role {role} login password 'x'")
        await admin.execute(f"grant select, insert, update, delete on all tables in schema public to {role}")
        await admin.execute(f"grant usage on all sequences in schema public to {role}")
        # A version that is built later is in the timeline's policies too.
        await admin.execute(f"alter default privileges in schema public grant select on tables to {role}")
        yield postgres_url.replace("//postgres@", f"//{role}:x@")
        await admin.execute(f"drop owned by {role}")
        await admin.execute(f"drop role {role}")
    finally:
        await admin.close()


@pytest.fixture
async def reader(reader_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(reader_url)
    yield connection
    await connection.close()


@pytest.fixture(autouse=True)
async def rows(store: ProjectionStore) -> None:
    await store.cursors([0])
    written = [row("cus_0", institution="ins_a"), row("cus_1", institution="ins_b"), row("cus_2", institution="")]
    assert await store.save(change(0, *written, timeline=(event(1, "cus_0"), event(2, "cus_1"), event(3, "cus_2"))))


async def visible(reader: asyncpg.Connection, institutions: str | None) -> tuple[list[str], list[int]]:
    async with reader.transaction():
        if institutions is not None:
            await reader.execute("select set_config('guanxi.institutions', $1, true)", institutions)
        ids, positions = await reader.fetch(ROWS), await reader.fetch(TIMELINE)
    return [each[0] for each in ids], [each[0] for each in positions]


@pytest.mark.parametrize(
    ("institutions", "expected"),
    [
        (None, ([], [])),
        ("", ([], [])),
        ("ins_a", (["cus_0"], [1])),
        ("ins_a,ins_b", (["cus_0", "cus_1"], [1, 2])),
        ("ins_ab", ([], [])),
        ("*", (["cus_0", "cus_1", "cus_2"], [1, 2, 3])),
    ],
)
async def test_a_query_without_where_sees_the_scope_alone(
    reader: asyncpg.Connection, institutions: str | None, expected: tuple[list[str], list[int]]
) -> None:
    assert await visible(reader, institutions) == expected


async def test_the_scope_ends_with_its_transaction(reader: asyncpg.Connection) -> None:
    assert (await visible(reader, "*"))[0] != []
    assert await visible(reader, None) == ([], [])


async def test_a_row_out_of_scope_cannot_be_written_either(reader: asyncpg.Connection) -> None:
    async with reader.transaction():
        await reader.execute("select set_config('guanxi.institutions', 'ins_a', true)")
        assert await reader.execute("update ledger_v1_rows set rank = 'x' where id = 'cus_1'") == "UPDATE 0"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute("update ledger_v1_rows set institution = 'ins_b' where id = 'cus_0'")


async def test_store_and_views_work_under_that_role(reader_url: str, fold: Fold) -> None:
    database = Database.open(reader_url, pool=2)
    try:
        store, views = open_store(fold.projection, database), ViewStore(fold.projection, database)
        await store.prepare()
        assert set(await store.load({"account": ["cus_0", "cus_1"]})) == {("account", "cus_0"), ("account", "cus_1")}
        moved = row("cus_0", 5, institution="ins_b", revision=1)
        assert await store.save(Change((move(1),), (moved,), (event(4, "cus_0"),)))
        branch_a, branch_b = Scope(frozenset({"ins_a"})), Scope(frozenset({"ins_b"}))
        assert await views.get(fold.view, "cus_0", branch_a) is None
        assert await views.history("cus_0", branch_a) == []
        assert [each.position for each in await views.history("cus_0", branch_b)] == [1, 4]
    finally:
        await database.close()


async def test_an_inactive_version_shows_nobody_a_history(
    reader: asyncpg.Connection, store: ProjectionStore, database: Database
) -> None:
    green = open_store(Fold(version=2).projection, database)
    await green.prepare()
    await green.cursors([0])
    assert await green.save(change(0, row("cus_1", institution="ins_a")))
    assert await visible(reader, "ins_a") == (["cus_0"], [1])
    await green.activate()
    assert await visible(reader, "ins_a") == (["cus_0"], [2])


async def test_the_tables_force_their_policies_on_their_owner(database: Database) -> None:
    async with database.raw() as connection:
        rows = await connection.fetch(
            "select relname, relrowsecurity and relforcerowsecurity from pg_class"
            " where relname in ('ledger_v1_rows', 'ledger_timeline')"
        )
    assert sorted(map(tuple, rows)) == [("ledger_timeline", True), ("ledger_v1_rows", True)]
