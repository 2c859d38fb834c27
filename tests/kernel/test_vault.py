"""The vault on both databases: sealing, opening, erasing, and what an attacker cannot do."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.database import Database
from shared.envelope import Sealed
from shared.keyring import Keyring
from shared.vault import Erased, Vault
from shared.vault_index import normalised
from shared.vault_keys import LocalKeyProvider, Tampered

KEYRING = Keyring(b"the vault's secret in these tests")


def vault_on(database: Database, keyring: Keyring = KEYRING) -> Vault:
    return Vault(database, LocalKeyProvider(keyring), keyring)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: Any, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_url")
    return f"sqlite:///{tmp_path}/vault.db"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database.open(url)
    await vault_on(database).prepare()
    yield database
    await database.close()


@pytest.fixture
def vault(database: Database) -> Vault:
    return vault_on(database)


async def test_what_is_sealed_opens_again_in_another_process(vault: Vault, database: Database) -> None:
    sealed = await vault.seal("cus_1", "name", "王小明 🙂")
    assert (sealed.subject, sealed.field) == ("cus_1", "name")
    assert "王" not in sealed.box
    assert await vault.open(sealed) == "王小明 🙂"
    assert await vault_on(database).open(sealed) == "王小明 🙂"


async def test_equal_values_have_different_boxes(vault: Vault) -> None:
    one, other = await vault.seal_many([("cus_2", "name", "x"), ("cus_2", "name", "x")])
    assert one != other


@pytest.mark.parametrize("change", [{"subject": "cus_4"}, {"field": "email"}])
async def test_a_box_opens_only_where_it_was_sealed(vault: Vault, change: dict[str, str]) -> None:
    sealed = await vault.seal("cus_3", "name", "secret")
    await vault.seal("cus_4", "name", "other")
    with pytest.raises(Tampered):
        await vault.open(msgspec.structs.replace(sealed, **change))


async def test_a_changed_box_does_not_open(vault: Vault) -> None:
    sealed = await vault.seal("cus_5", "name", "secret")
    for box in ("", "AAAA", "not base64 at all", sealed.box[:-4] + ("AAAA" if sealed.box[-4:] != "AAAA" else "BBBB")):
        with pytest.raises(Tampered):
            await vault.open(msgspec.structs.replace(sealed, box=box))


async def test_another_secret_opens_nothing(vault: Vault, database: Database) -> None:
    sealed = await vault.seal("cus_6", "name", "secret")
    with pytest.raises(Tampered):
        await vault_on(database, Keyring(b"another installation's secret")).open(sealed)


async def test_erasure_is_for_ever(vault: Vault, database: Database) -> None:
    sealed = await vault.seal("cus_7", "name", "secret")
    await vault.index.claim([("phone", "+86 10 1234", "cus_7")])
    await vault.destroy("cus_7")
    await vault.destroy("cus_7")
    for each in (vault, vault_on(database)):
        with pytest.raises(Erased) as refusal:
            await each.open(sealed)
        assert refusal.value.kind == "gone"
        with pytest.raises(Erased):
            await each.seal("cus_7", "name", "again")
    assert await vault.index.find("phone", "+86101234") is None


async def test_an_erased_subject_spoils_no_other(vault: Vault) -> None:
    await vault.destroy("cus_8")
    gone, kept = await vault.seal_many([("cus_8", "name", "x"), ("cus_9", "name", "y")])
    assert isinstance(gone, Erased)
    assert isinstance(kept, Sealed)
    assert await vault.open_many([Sealed("cus_8", "name", "AAAA"), kept]) == [None, "y"]


async def test_one_key_per_subject_whoever_seals_first(database: Database) -> None:
    vaults = [vault_on(database) for _ in range(8)]
    sealed = await asyncio.gather(*(vault.seal("cus_10", "name", str(n)) for n, vault in enumerate(vaults)))
    assert await vaults[0].open_many(sealed) == [str(n) for n in range(8)]


async def test_many_subjects_at_once(vault: Vault) -> None:
    plain = [(f"cus_many_{n}", "name", f"name {n}") for n in range(1500)]
    sealed = [box for box in await vault.seal_many(plain) if isinstance(box, Sealed)]
    assert await vault.open_many(sealed) == [value for _, _, value in plain]


async def test_an_identity_belongs_to_the_first_who_claims_it(vault: Vault) -> None:
    claims = [("identity_number", "11-22 ab", "cus_11"), ("identity_number", "1122AB", "cus_12")]
    assert await vault.index.claim(claims) == ["cus_11", "cus_11"]
    assert await vault.index.find("identity_number", "1122ab") == "cus_11"
    assert await vault.index.find("phone", "1122ab") is None


async def test_entries_without_an_event_are_reaped(vault: Vault) -> None:
    await vault.index.claim([("email", "a@example.org", "cus_13"), ("email", "b@example.org", "cus_14")])

    async def exist(subjects: Any) -> set[str]:
        return {subject for subject in subjects if subject == "cus_13"}

    assert await vault.index.reap(exist, timedelta(hours=1)) == 0
    assert await vault.index.reap(exist, timedelta(seconds=-1)) >= 1
    assert await vault.index.find("email", " A@Example.ORG ") == "cus_13"
    assert await vault.index.find("email", "b@example.org") is None


def test_spellings_of_one_value_are_equal() -> None:
    assert normalised("phone", "0086 10-1234") == normalised("phone", "+86 (10) 1234")
    assert normalised("email", "Ａ@b.org") == "a@b.org"


async def test_the_file_holds_no_plain_text(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/plain.db")
    vault = vault_on(database)
    await vault.prepare()
    await vault.seal("cus_1", "name", "MARKED-PLAINTEXT")
    await vault.index.claim([("email", "MARKED-PLAINTEXT", "cus_1")])
    await database.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())  # noqa: ASYNC240
    assert b"MARKED" not in content
    assert b"marked" not in content
    with sqlite3.connect(tmp_path / "plain.db") as connection:
        assert connection.execute("SELECT count(*) FROM vault_index").fetchone() == (1,)
