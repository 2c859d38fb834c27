"""Boxes: how one personal value is sealed and opened under its subject's key."""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.envelope import Sealed
from shared.vault_keys import NONCE, Tampered

SCHEMA = "1"


def seal(cipher: AESGCM, subject: str, field: str, value: str) -> Sealed:
    """AES-256-GCM with a random nonce; the box opens only for the same subject, field and schema."""
    nonce = os.urandom(NONCE)
    box = nonce + cipher.encrypt(nonce, value.encode(), _context(subject, field))
    return Sealed(subject, field, base64.urlsafe_b64encode(box).decode())


def unseal(cipher: AESGCM, sealed: Sealed) -> str:
    """The value. Raises `Tampered`."""
    try:
        box = base64.urlsafe_b64decode(sealed.box)
        return cipher.decrypt(box[:NONCE], box[NONCE:], _context(sealed.subject, sealed.field)).decode()
    except (InvalidTag, ValueError, binascii.Error):
        raise Tampered("a box cannot be opened") from None


def _context(*parts: str) -> bytes:
    encoded = [part.encode() for part in (*parts, SCHEMA)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
