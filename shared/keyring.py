"""One secret of the installation, and the separate keys that are derived from it for each purpose."""

import hmac
import os
from pathlib import Path

SIZE = 32


class Keyring:
    """Derives keys (HKDF-Expand of one block, RFC 5869): knowing one of them tells nothing about the others."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 16:
            raise ValueError("the secret needs at least 16 bytes")
        self._root = hmac.digest(b"guanxi", secret, "sha256")
        self._digests: dict[str, bytes] = {}

    @classmethod
    def in_file(cls, path: Path) -> "Keyring":
        """The keyring of a file's secret; made on first use, readable by its owner alone."""
        return cls(file_secret(path))

    def key(self, purpose: str) -> bytes:
        """32 bytes for one purpose, the same in every process that holds the secret."""
        return hmac.digest(self._root, purpose.encode() + b"\x01", "sha256")

    def digest(self, purpose: str, *parts: str | bytes) -> str:
        """A keyed hash of the parts (hex, 128 bits). No two different lists of parts share an input."""
        key = self._digests.get(purpose)
        if key is None:
            key = self._digests[purpose] = self.key(purpose)
        message = b""
        for part in parts:
            content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
            message += len(content).to_bytes(8, "big") + content
        return hmac.digest(key, message, "sha256").hex()[:32]


def file_secret(path: Path) -> bytes:
    """The secret in a file. Of several processes that make it at once, one wins and all use its secret."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    mine = path.with_name(f"{path.name}.{os.getpid()}")
    mine.touch(mode=0o600)
    mine.write_bytes(os.urandom(SIZE))
    try:
        os.link(mine, path)
    except FileExistsError:
        pass
    finally:
        mine.unlink()
    return path.read_bytes()
