"""Keys that wrap the data keys of the vault. In production the secret comes from the environment or a secrets mount."""

import os
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.keyring import Keyring

NONCE = 12


class Tampered(Exception):
    """A box or a wrapped key is not what was written: changed, moved to another place, or under another secret."""


class KeyProvider(Protocol):
    """Wraps data keys so that the vault's database alone opens nothing. A key service can take its place."""

    async def wrap(self, subject: str, key: bytes) -> bytes:
        """The data key as it may be stored."""
        ...

    async def unwrap(self, subject: str, wrapped: bytes) -> bytes:
        """The data key. Raises `Tampered`."""
        ...


class LocalKeyProvider:
    """Wraps with AES-256-GCM under a key derived from a local secret."""

    def __init__(self, keyring: Keyring) -> None:
        self._cipher = AESGCM(keyring.key("vault-wrap"))

    @classmethod
    def in_file(cls, path: Path) -> "LocalKeyProvider":
        """The provider of a file's secret; made on first use, readable by its owner alone."""
        return cls(Keyring.in_file(path))

    async def wrap(self, subject: str, key: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, key, subject.encode())

    async def unwrap(self, subject: str, wrapped: bytes) -> bytes:
        try:
            return self._cipher.decrypt(wrapped[:NONCE], wrapped[NONCE:], subject.encode())
        except (InvalidTag, ValueError):
            raise Tampered("a wrapped key cannot be opened") from None
