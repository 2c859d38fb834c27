"""The blind index: finding a subject by a personal value without keeping the value.

A token is an HMAC of kind and normalised value. (kind, token) is unique, so that two customers cannot claim one
identity number; entries are inserted before the append of the event that they belong to, and reaped if that never came.
"""

import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from sqlalchemy import bindparam, text

from shared.database import Database
from shared.keyring import Keyring

Entry: TypeAlias = tuple[str, str, str]
"""Kind, value in clear and subject."""

TABLES = (
    """CREATE TABLE IF NOT EXISTS vault_index (
        kind TEXT NOT NULL, token TEXT NOT NULL, subject TEXT NOT NULL, created_at TEXT NOT NULL,
        PRIMARY KEY (kind, token))""",
    "CREATE INDEX IF NOT EXISTS vault_index_subject ON vault_index (subject)",
)
FORGET = text("DELETE FROM vault_index WHERE subject = :subject")
_INSERT = text(
    "INSERT INTO vault_index (kind, token, subject, created_at) VALUES (:kind, :token, :subject, :at) "
    "ON CONFLICT (kind, token) DO NOTHING"
)
_FIND = text("SELECT kind, token, subject FROM vault_index WHERE token IN :tokens").bindparams(
    bindparam("tokens", expanding=True)
)
_OLD = text("SELECT DISTINCT subject FROM vault_index WHERE created_at < :before ORDER BY subject")
_SLICE = 500


def _phone(value: str) -> str:
    digits = "".join(character for character in value if character.isdigit())
    return digits.removeprefix("00")


def _compact(value: str) -> str:
    return "".join(character for character in value if character.isalnum()).upper()


NORMALISE: Mapping[str, Callable[[str], str]] = {"phone": _phone, "identity_number": _compact}
"""How values of a kind are compared; other kinds ignore case and runs of spaces."""


def normalised(kind: str, value: str) -> str:
    """The form in which two spellings of one value are equal."""
    plain = unicodedata.normalize("NFKC", value)
    return NORMALISE.get(kind, lambda text: " ".join(text.casefold().split()))(plain)


class BlindIndex:
    """Reached as `Vault.index`; its tables are made by the vault."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def claim(self, entries: Sequence[Entry]) -> list[str]:
        """Insert what is free; the subject that owns each entry now, in order: the caller's own, or another's."""
        at = datetime.now(UTC).isoformat()
        tokens = [(kind, self._token(kind, value)) for kind, value, _ in entries]
        rows = [
            {"kind": kind, "token": token, "subject": subject, "at": at}
            for (kind, token), (_, _, subject) in zip(tokens, entries, strict=True)
        ]
        if not rows:
            return []
        async with self._database.write() as connection:
            await connection.execute(_INSERT, sorted(rows, key=lambda row: (row["kind"], row["token"])))
        owners = await self._owners(tokens)
        return [owners[token] for token in tokens]

    async def find(self, kind: str, value: str) -> str | None:
        """The subject that has this value, or None."""
        token = (kind, self._token(kind, value))
        return (await self._owners([token])).get(token)

    async def forget(self, subject: str) -> None:
        """Remove all entries of a subject; idempotent."""
        async with self._database.write() as connection:
            await connection.execute(FORGET, {"subject": subject})

    async def reap(self, exist: Callable[[Sequence[str]], Awaitable[set[str]]], older: timedelta) -> int:
        """Remove entries of subjects that no event ever named, told by `exist`; how many subjects it were."""
        before = (datetime.now(UTC) - older).isoformat()
        async with self._database.read() as connection:
            rows = await connection.execute(_OLD, {"before": before})
            subjects = [str(row[0]) for row in rows]
        reaped = 0
        for start in range(0, len(subjects), _SLICE):
            some = subjects[start : start + _SLICE]
            for orphan in set(some) - await exist(some):
                await self.forget(orphan)
                reaped += 1
        return reaped

    async def _owners(self, tokens: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
        owners: dict[tuple[str, str], str] = {}
        async with self._database.read() as connection:
            for start in range(0, len(tokens), _SLICE):
                some = [token for _, token in tokens[start : start + _SLICE]]
                for kind, token, subject in await connection.execute(_FIND, {"tokens": some}):
                    owners[kind, token] = subject
        return owners

    def _token(self, kind: str, value: str) -> str:
        return self._keyring.digest("blind-index", kind, normalised(kind, value))
