"""Identifiers: a prefix that says what it names, an underscore and the 32 hex digits of a UUID."""

import hashlib
import os
import time
from uuid import UUID

NAMESPACE = UUID("6f1c1f2a-6f0e-5c8e-9a3b-7a1d0c5e2b94")
"""All derived identifiers live under this name space; changing it would give every imported thing a new id."""


def uuid7() -> UUID:
    """A UUID version 7 (RFC 9562 §5.7): milliseconds since 1970, then randomness, so that new ids sort last."""
    milliseconds = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (2**48 - 1)) << 80 | noise
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def new(prefix: str) -> str:
    """A fresh identifier, for example `cus_0190…`."""
    return f"{prefix}_{uuid7().hex}"


def derived(prefix: str, system: str, reference: str) -> str:
    """The identifier of what another system calls `reference`: the same for ever, so that an import can be repeated.

    The length of `system` is part of the name, so that no two (system, reference) pairs share one.
    """
    name = f"{prefix}:{len(system)}:{system}:{reference}".encode()
    # uuid.uuid5 spelled out: imports derive several for each line, and building a UUID costs ten times its hash.
    digest = bytearray(hashlib.sha1(NAMESPACE.bytes + name, usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return f"{prefix}_{digest.hex()}"
