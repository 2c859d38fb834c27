"""The local issuer of embedded mode and development: an ES256 key in the data folder, and tokens signed by it."""

import hashlib
import json
import os
import time
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from shared.auth.roles import ROLES


class LocalIssuer:
    """Mints tokens, and knows the public key that verifies them."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, issuer: str, audience: str) -> None:
        self._key = key
        self._issuer = issuer
        self._audience = audience
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._kid = hashlib.sha256(public).hexdigest()[:16]
        self._jwk = jwt.PyJWK(self.jwk())

    @classmethod
    def in_folder(cls, folder: Path, issuer: str, audience: str) -> "LocalIssuer":
        """The issuer whose key lies in the folder; made on first use, readable by its owner alone."""
        path = folder / "issuer.pem"
        return cls(_load(path) or _create(path), issuer, audience)

    async def find(self, kid: str) -> jwt.PyJWK | None:
        """This issuer's public key when it is asked for by its id."""
        return self._jwk if kid == self._kid else None

    def jwk(self) -> dict[str, str]:
        """The public key as a JSON Web Key."""
        numbers = json.loads(ECAlgorithm.to_jwk(self._key.public_key()))
        return {**numbers, "kid": self._kid, "alg": "ES256", "use": "sig"}

    def jwks(self) -> str:
        """The key set to publish, or to write where GUANXI_JWKS points."""
        return json.dumps({"keys": [self.jwk()]})

    def mint(
        self,
        role: str,
        *,
        institution: str | None = None,
        subject: str = "",
        ttl: int = 8 * 3600,
        scope: str | None = None,
    ) -> str:
        """A token for a role, in force for `ttl` seconds. Raises ValueError for a role that does not exist."""
        if role not in ROLES:
            raise ValueError(f"there is no role {role}; roles are {', '.join(sorted(ROLES))}")
        now = int(time.time())
        claims: dict[str, str | int] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": subject or f"local:{role}",
            "client_id": subject or f"local:{role}",
            "role": role,
            "iat": now,
            "exp": now + ttl,
        }
        if institution is not None:
            claims["institution"] = institution
        if scope is not None:
            claims["scope"] = scope
        return jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": self._kid, "typ": "at+jwt"})


def _load(path: Path) -> ec.EllipticCurvePrivateKey | None:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path.name} holds no elliptic curve key")
    return key


def _create(path: Path) -> ec.EllipticCurvePrivateKey:
    """Another process may be first: then its key is ours too."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    mine = path.with_name(f"{path.name}.{os.getpid()}")
    mine.touch(mode=0o600)
    mine.write_bytes(pem)
    try:
        os.link(mine, path)
    except FileExistsError:
        return _load(path) or key
    finally:
        mine.unlink()
    return key
