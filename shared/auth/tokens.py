"""Verification of bearer tokens: signed by a known key, meant for us, in force, and about a known role."""

import hashlib
import time
from collections.abc import Callable
from typing import Any, Protocol

import jwt

from shared.auth.principal import Principal
from shared.auth.roles import ROLES, SCOPES

ALGORITHMS = ("RS256", "ES256", "EdDSA")
LEEWAY = 30
REMEMBERED = 60
_CACHE = 10_000


class InvalidToken(Exception):
    """The token proves nothing. The message says why without repeating the token."""


class Keys(Protocol):
    """Where public keys are found by their id."""

    async def find(self, kid: str) -> jwt.PyJWK | None:
        """The key of that id, or None."""
        ...


class Verifier:
    """Turns a bearer token into a `Principal`; remembers an answer for at most a minute, never past its expiry."""

    def __init__(self, keys: Keys, issuer: str, audience: str, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._known: dict[bytes, tuple[float, Principal]] = {}

    async def verify(self, token: str) -> Principal:
        """The caller. Raises `InvalidToken`."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        known = self._known.get(digest)
        now = self._clock()
        if known and known[0] > now:
            return known[1]
        claims = await self._claims(token)
        principal = _principal(claims)
        if len(self._known) >= _CACHE:
            self._known.clear()
        self._known[digest] = (min(now + REMEMBERED, float(claims["exp"]) + LEEWAY), principal)
        return principal

    async def _claims(self, token: str) -> dict[str, Any]:
        key = await self._key(token)
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": ["iss", "aud", "exp", "sub"], "strict_aud": False},
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise InvalidToken(f"The token was refused: {type(error).__name__}.") from None

    async def _key(self, token: str) -> jwt.PyJWK:
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise InvalidToken("The token is not a signed JWT.") from None
        if header.get("alg") not in ALGORITHMS:
            raise InvalidToken("The token's algorithm is not allowed.")
        if header.keys() & {"jwk", "jku", "x5u", "x5c", "crit"}:
            raise InvalidToken("A token may not bring its own key.")
        key = await self._keys.find(str(header.get("kid", "")))
        if key is None or key.algorithm_name != header["alg"]:
            raise InvalidToken("The token's key is not known.")
        return key


def _principal(claims: dict[str, Any]) -> Principal:
    role = claims.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise InvalidToken("The token's role is not known.")
    asked = claims.get("scope")
    institution = claims.get("institution")
    if not isinstance(asked, str | None) or not isinstance(institution, str | None) or institution == "":
        raise InvalidToken("The token's claims are malformed.")
    scopes = ROLES[role] if asked is None else ROLES[role] & frozenset(asked.split()) & SCOPES.keys()
    return Principal(str(claims["sub"]), role, scopes, institution, str(claims.get("client_id") or claims["sub"]))
