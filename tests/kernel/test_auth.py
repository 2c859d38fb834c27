"""Bearer tokens: what is refused, what a role may do, where keys come from."""

import json
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import RSAAlgorithm
from jwt.utils import base64url_encode

from shared.auth import ROLES, SCOPES, InvalidToken, Scope, Verifier
from shared.auth.issuer import LocalIssuer
from shared.auth.keys import JwksKeys
from support.notes import NotesApp

Forge = Callable[[LocalIssuer], str]


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    basic = {"iss": "guanxi-test", "aud": "guanxi", "sub": "s", "role": "teller", "iat": now, "exp": now + 60}
    return {name: value for name, value in {**basic, **changes}.items() if value is not None}


def signed(issuer: LocalIssuer, headers: dict[str, Any] | None = None, **changes: Any) -> str:
    return jwt.encode(claims(**changes), issuer._key, "ES256", {"kid": issuer.jwk()["kid"], **(headers or {})})


def unsigned(issuer: LocalIssuer) -> str:
    return jwt.encode(claims(), "", "none", {"kid": issuer.jwk()["kid"]})


def hmac_with_the_public_key(issuer: LocalIssuer) -> str:
    return jwt.encode(claims(), json.dumps(issuer.jwk()) + "x" * 40, "HS256", {"kid": issuer.jwk()["kid"]})


def by_a_stranger(issuer: LocalIssuer) -> str:
    return jwt.encode(claims(), ec.generate_private_key(ec.SECP256R1()), "ES256", {"kid": issuer.jwk()["kid"]})


def tampered(issuer: LocalIssuer) -> str:
    head, _, signature = signed(issuer).split(".")
    body = base64url_encode(json.dumps(claims(role="admin")).encode()).decode()
    return f"{head}.{body}.{signature}"


FORGED: dict[str, Forge] = {
    "alg none": unsigned,
    "symmetric": hmac_with_the_public_key,
    "stranger": by_a_stranger,
    "tampered": tampered,
    "wrong audience": lambda issuer: signed(issuer, aud="other"),
    "no audience": lambda issuer: signed(issuer, aud=None),
    "wrong issuer": lambda issuer: signed(issuer, iss="other"),
    "no issuer": lambda issuer: signed(issuer, iss=None),
    "expired": lambda issuer: signed(issuer, exp=int(time.time()) - 60),
    "no expiry": lambda issuer: signed(issuer, exp=None),
    "expiry in words": lambda issuer: signed(issuer, exp="tomorrow"),
    "not yet": lambda issuer: signed(issuer, nbf=int(time.time()) + 600),
    "no subject": lambda issuer: signed(issuer, sub=None),
    "no role": lambda issuer: signed(issuer, role=None),
    "unknown role": lambda issuer: signed(issuer, role="emperor"),
    "role of another type": lambda issuer: signed(issuer, role=["admin"]),
    "scope of another type": lambda issuer: signed(issuer, scope=["admin"]),
    "empty institution": lambda issuer: signed(issuer, institution=""),
    "institution of another type": lambda issuer: signed(issuer, institution=["ins_a"]),
    "own key": lambda issuer: signed(issuer, {"jwk": issuer.jwk()}),
    "own key set": lambda issuer: signed(issuer, {"jku": "https://evil.test/jwks"}),
    "own certificate": lambda issuer: signed(issuer, {"x5u": "https://evil.test/x"}),
    "unknown key": lambda issuer: signed(issuer, {"kid": "other"}),
    "nonsense": lambda _: "nonsense",
    "three dots": lambda _: "a.b.c",
    "deep": lambda _: "eyJ" + "W" * 5000,
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
async def test_refused(http: httpx.AsyncClient, issuer: LocalIssuer, forge: Forge) -> None:
    token = forge(issuer)
    answer = await http.get("/v1/notes", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), answer.text
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert token not in answer.text


@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}])
async def test_no_token_at_all(notes: NotesApp, header: dict[str, str]) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(notes.app), base_url="http://test") as http:
        answer = await http.get("/v1/notes", headers=header)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_a_second_too_late_is_within_the_leeway(issuer: LocalIssuer) -> None:
    verifier = Verifier(issuer, "guanxi-test", "guanxi")
    principal = await verifier.verify(signed(issuer, exp=int(time.time()) - 5))
    assert (principal.subject, principal.role, principal.client) == ("s", "teller", "s")


async def test_a_scope_that_is_missing_is_403(http: httpx.AsyncClient, notes: NotesApp) -> None:
    answer = await http.post("/v1/notes", json={"text": "a"}, headers=notes.token("analyst"))
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    assert 'scope="customers:write"' in answer.headers["www-authenticate"]


async def test_a_token_may_ask_for_less_but_never_for_more(issuer: LocalIssuer) -> None:
    verifier = Verifier(issuer, "guanxi-test", "guanxi")
    less = await verifier.verify(signed(issuer, scope="customers:read admin log:read made:up"))
    assert less.scopes == {"customers:read"}
    assert (await verifier.verify(signed(issuer))).scopes == ROLES["teller"]


async def test_an_answer_is_remembered_a_minute_and_never_past_its_expiry(issuer: LocalIssuer) -> None:
    now = time.time()
    asked = 0

    class Counting:
        async def find(self, kid: str) -> jwt.PyJWK | None:
            nonlocal asked
            asked += 1
            return await issuer.find(kid)

    verifier = Verifier(Counting(), "guanxi-test", "guanxi", lambda: now)
    token = signed(issuer, exp=int(now) + 3600)
    for _ in range(3):
        await verifier.verify(token)
    assert asked == 1
    now += 61
    await verifier.verify(token)
    assert asked == 2


def test_roles_bring_known_scopes_only() -> None:
    for role, scopes in ROLES.items():
        assert scopes <= SCOPES.keys(), role
    assert ROLES["service"] == {"log:read"}
    assert "customers:pii" not in ROLES["analyst"]


def test_a_scope_allows_what_lies_in_it() -> None:
    assert Scope(None).allows("ins_a")
    assert Scope(frozenset({"ins_a"})).allows("ins_a")
    assert not Scope(frozenset({"ins_a"})).allows("ins_b")
    assert not Scope().allows("ins_a")


def test_the_local_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    one = LocalIssuer.in_folder(tmp_path, "i", "a")
    other = LocalIssuer.in_folder(tmp_path, "i", "a")
    assert one.jwk() == other.jwk()
    assert "d" not in one.jwk()
    assert stat.S_IMODE((tmp_path / "issuer.pem").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["issuer.pem"]
    with pytest.raises(ValueError, match="no role"):
        one.mint("emperor")


async def test_keys_from_a_file_are_read_again_when_one_is_missing_but_not_for_everybody(tmp_path: Path) -> None:
    now = 0.0
    first, second = (LocalIssuer.in_folder(tmp_path / name, "guanxi-test", "guanxi") for name in ("a", "b"))
    path = tmp_path / "jwks.json"
    path.write_text(first.jwks())
    keys = JwksKeys(str(path), lambda: now)
    verifier = Verifier(keys, "guanxi-test", "guanxi")
    assert (await verifier.verify(first.mint("teller"))).role == "teller"
    path.write_text(json.dumps({"keys": [first.jwk(), second.jwk()]}))
    with pytest.raises(InvalidToken):
        await verifier.verify(second.mint("teller"))
    now = 31.0
    assert (await verifier.verify(second.mint("teller"))).role == "teller"
    path.unlink()
    now = 5000.0
    assert (await verifier.verify(first.mint("admin"))).role == "admin"


async def test_rsa_keys_of_a_bank_s_issuer(tmp_path: Path) -> None:
    private = rsa.generate_private_key(65537, 2048)
    jwk = {**RSAAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": "r", "alg": "RS256"}
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [jwk]}))
    verifier = Verifier(JwksKeys(str(path)), "guanxi-test", "guanxi")
    token = jwt.encode(claims(), private, "RS256", {"kid": "r"})
    assert (await verifier.verify(token)).role == "teller"


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"keys": []}', '{"keys": [{"kty": "oct"}, 5, {"kty": "RSA", "kid": "x", "n": "AQAB"}]}'],
)
async def test_a_key_set_that_cannot_be_read_proves_nothing(tmp_path: Path, issuer: LocalIssuer, content: str) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(content)
    with pytest.raises(InvalidToken):
        await Verifier(JwksKeys(str(path)), "guanxi-test", "guanxi").verify(issuer.mint("teller"))
