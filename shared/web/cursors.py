"""Opaque cursors: base64url(first 8 bytes of an HMAC ‖ JSON), so that nobody can make one up."""

import base64
import binascii
import hmac
from typing import Any

import msgspec

from shared.keyring import Keyring
from shared.web.problems import invalid

_MAX = 2048


class Cursors:
    """Writes and reads cursors. `query` binds one to the list that made it: filters, order and caller's scope."""

    def __init__(self, keyring: Keyring) -> None:
        self._key = keyring.key("cursor")

    def write(self, query: str, after: Any) -> str:
        """The cursor that continues `query` after a row's sort key (any JSON value)."""
        content = msgspec.json.encode(after)
        return base64.urlsafe_b64encode(self._mac(query, content) + content).rstrip(b"=").decode()

    def read(self, query: str, cursor: str | None) -> Any:
        """What `write` was given; None for no cursor. Raises `Problem` 422 `invalid_cursor`."""
        if not cursor:
            return None
        try:
            raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(cursor) > _MAX or len(raw) < 9 or not hmac.compare_digest(raw[:8], self._mac(query, raw[8:])):
            raise invalid("invalid_cursor", "The cursor was not made by this list.", "cursor")
        return msgspec.json.decode(raw[8:])

    def _mac(self, query: str, content: bytes) -> bytes:
        name = query.encode()
        return hmac.digest(self._key, len(name).to_bytes(4, "big") + name + content, "sha256")[:8]
