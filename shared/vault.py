"""The vault: personal values sealed under one key per data subject, looked up blindly, gone when the key is gone.

One vault serves all services, in a database of its own that is backed up apart from the logs. Erasing a subject
destroys its key and leaves a tombstone. Unwrapped keys are remembered for `REMEMBERED` seconds, so another process can
still open a box for that long after an erasure; the process that erases forgets at once.
"""

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, text

from shared import vault_index
from shared.database import Database
from shared.decider import Rejected
from shared.envelope import Sealed
from shared.keyring import Keyring
from shared.vault_box import seal, unseal
from shared.vault_index import BlindIndex
from shared.vault_keys import KeyProvider

REMEMBERED = 30.0
_CACHE = 50_000
_LOCK = 0x6775616E_76617574

Plain: TypeAlias = tuple[str, str, str]
"""Subject, field and value in clear."""

_TABLES = (
    """CREATE TABLE IF NOT EXISTS vault_keys (
        subject TEXT PRIMARY KEY, wrapped {bytes}, created_at TEXT NOT NULL, destroyed_at TEXT)""",
    *vault_index.TABLES,
)
_READ = text("SELECT subject, wrapped FROM vault_keys WHERE subject IN :subjects").bindparams(
    bindparam("subjects", expanding=True)
)
_CREATE = text(
    "INSERT INTO vault_keys (subject, wrapped, created_at) VALUES (:subject, :wrapped, :at) "
    "ON CONFLICT (subject) DO NOTHING"
)
_DESTROY = text(
    "INSERT INTO vault_keys (subject, wrapped, created_at, destroyed_at) VALUES (:subject, NULL, :at, :at) "
    "ON CONFLICT (subject) DO UPDATE SET wrapped = NULL, "
    "destroyed_at = COALESCE(vault_keys.destroyed_at, excluded.destroyed_at)"
)


class Erased(Rejected):
    """The subject's key was destroyed: its values are gone for ever and no new ones are taken."""

    def __init__(self) -> None:
        super().__init__("erased", "The personal values were erased.", kind="gone")


class Vault:
    """Seals and opens. Instances may share a database.

    Args:
        database: the vault's own.
        keys: wraps the data keys.
        keyring: keys the blind index.
    """

    def __init__(
        self,
        database: Database,
        keys: KeyProvider,
        keyring: Keyring,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.index = BlindIndex(database, keyring)
        self._database = database
        self._keys = keys
        self._clock = clock
        self._destroyed: set[str] = set()
        self._ciphers: OrderedDict[str, tuple[float, AESGCM]] = OrderedDict()

    async def prepare(self) -> None:
        """Create what is missing; safe with several replicas at once."""
        async with self._database.write() as connection:
            postgres = self._database.dialect == "postgresql"
            if postgres:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            for table in _TABLES:
                await connection.execute(text(table.format(bytes="BYTEA" if postgres else "BLOB")))

    async def seal(self, subject: str, field: str, value: str) -> Sealed:
        """The value as it may be published. Raises `Erased`."""
        (sealed,) = await self.seal_many([(subject, field, value)])
        if isinstance(sealed, Erased):
            raise sealed
        return sealed

    async def seal_many(self, plain: Sequence[Plain]) -> list[Sealed | Erased]:
        """The values in order, with at most two round trips; an erased subject spoils only its own."""
        ciphers = await self._ciphers_of({subject for subject, _, _ in plain}, create=True)
        return [
            seal(ciphers[subject], subject, field, value) if subject in ciphers else Erased()
            for subject, field, value in plain
        ]

    async def open(self, sealed: Sealed) -> str:
        """The value in clear. Raises `Erased`, and `Tampered` for a box that is not what was sealed."""
        (value,) = await self.open_many([sealed])
        if value is None:
            raise Erased
        return value

    async def open_many(self, sealed: Sequence[Sealed]) -> list[str | None]:
        """The values in order, None where they were erased. Raises `Tampered`."""
        ciphers = await self._ciphers_of({box.subject for box in sealed}, create=False)
        return [unseal(ciphers[box.subject], box) if box.subject in ciphers else None for box in sealed]

    async def destroy(self, subject: str) -> None:
        """Erase: the key and the index entries go, a tombstone stays. Idempotent, also for a subject never seen."""
        async with self._database.write() as connection:
            await connection.execute(_DESTROY, {"subject": subject, "at": _now()})
            await connection.execute(vault_index.FORGET, {"subject": subject})
        self._destroyed.add(subject)
        self._ciphers.pop(subject, None)

    async def _ciphers_of(self, subjects: set[str], *, create: bool) -> dict[str, AESGCM]:
        known = self._remembered(subjects)
        subjects -= self._destroyed
        missing = sorted(subjects - known.keys())
        if not missing:
            return known
        stored = await self._stored(missing)
        absent = [subject for subject in missing if subject not in stored]
        if absent and create:
            await self._create(absent)
            stored |= await self._stored(absent)
        for subject, wrapped in stored.items():
            if wrapped is not None:
                known[subject] = AESGCM(await self._keys.unwrap(subject, wrapped))
                self._remember(subject, known[subject])
        return known

    async def _stored(self, subjects: Sequence[str]) -> dict[str, bytes | None]:
        found: dict[str, bytes | None] = {}
        async with self._database.read() as connection:
            for some in _slices(subjects):
                rows = await connection.execute(_READ, {"subjects": some})
                found |= {str(row[0]): row[1] for row in rows}
        return found

    async def _create(self, subjects: Iterable[str]) -> None:
        """Sorted, so that two replicas that create the same keys wait for each other in one order."""
        now = _now()
        rows = [
            {"subject": subject, "wrapped": await self._keys.wrap(subject, os.urandom(32)), "at": now}
            for subject in sorted(subjects)
        ]
        async with self._database.write() as connection:
            await connection.execute(_CREATE, rows)

    def _remembered(self, subjects: Iterable[str]) -> dict[str, AESGCM]:
        now = self._clock()
        found: dict[str, AESGCM] = {}
        for subject in subjects:
            entry = self._ciphers.get(subject)
            if entry and entry[0] > now:
                found[subject] = entry[1]
        return found

    def _remember(self, subject: str, cipher: AESGCM) -> None:
        if subject in self._destroyed:
            return
        self._ciphers[subject] = (self._clock() + REMEMBERED, cipher)
        self._ciphers.move_to_end(subject)
        while len(self._ciphers) > _CACHE:
            self._ciphers.popitem(last=False)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _slices(items: Sequence[str], size: int = 500) -> Iterable[list[str]]:
    return (list(items[start : start + size]) for start in range(0, len(items), size))
