"""What the services of one process share: databases, logs and the vault, each opened once."""

import asyncio
import fcntl
import os
from contextlib import AsyncExitStack
from pathlib import Path

from shared.database import Database
from shared.log import EventLog
from shared.log_open import open_log
from shared.migrations import migrate
from shared.runtime.metrics import Metrics
from shared.runtime.settings import Settings
from shared.vault import Vault
from shared.vault_keys import LocalKeyProvider


class InUse(Exception):
    """Another process works on this SQLite file."""


class Resources:
    """Opened on first use, closed together in reverse order."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self.metrics = metrics
        self._databases: dict[str, Database] = {}
        self._logs: dict[str, EventLog] = {}
        self._owned: set[str] = set()
        self._vault: Vault | None = None
        self._stack = AsyncExitStack()
        self._lock = asyncio.Lock()

    async def database(self, name: str) -> Database:
        """A service's database."""
        async with self._lock:
            return self._database(name)

    async def log(self, name: str, *, store: str = "") -> EventLog:
        """A log in the migrated database of the service `store`, by default the one of the same name."""
        async with self._lock:
            if name not in self._logs:
                database = self._database(store or name)
                await migrate(database)
                log = open_log(name, database)
                self._stack.push_async_callback(log.close)  # type: ignore[attr-defined]
                self._logs[name] = log
            return self._logs[name]

    async def own(self, name: str) -> None:
        """Be the only process that runs this service on SQLite; idempotent. Raises `InUse`.

        PostgreSQL takes many replicas.
        """
        database = await self.database(name)
        if database.path is not None and name not in self._owned:
            self._stack.callback(os.close, _locked(database.path.with_suffix(".lock")))
            self._owned.add(name)

    async def vault(self) -> Vault:
        """The vault that all services share, with its tables."""
        async with self._lock:
            if self._vault is None:
                keyring = self.settings.vault_keyring
                self._vault = Vault(self._open(self.settings.vault_url), LocalKeyProvider(keyring), keyring)
                await self._vault.prepare()
            return self._vault

    async def close(self) -> None:
        """Close everything; idempotent."""
        await self._stack.aclose()

    def _database(self, name: str) -> Database:
        if name not in self._databases:
            self._databases[name] = self._open(self.settings.log_url(name))
        return self._databases[name]

    def _open(self, url: str) -> Database:
        database = Database.open(url, pool=self.settings.pool)
        self._stack.push_async_callback(database.close)
        return database


def _locked(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise InUse(f"{path.name} is held: another process runs this service on this data folder") from None
    return descriptor
