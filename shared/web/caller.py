"""The dependency that every protected route has in its chain: a verified token with the scopes the route declares."""

from dataclasses import dataclass

from fastapi import Request
from fastapi.security import SecurityScopes

from shared.auth import InvalidToken, Principal, Scope
from shared.auth.principal import WHOLE_BANK
from shared.web.edge import edge_of
from shared.web.problems import Problem


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and the institutions that exist for the caller."""

    principal: Principal
    scope: Scope


async def caller(request: Request, needed: SecurityScopes) -> Caller:
    """The caller. Raises `Problem`: 401 without a valid token, 403 without a declared scope.

    A dependency, but `call`, `read` and `browse` call it themselves: each level of dependencies costs a request as much
    as verifying its token does. The document's security comes from the declared scopes, see `openapi.document`.
    """
    edge = edge_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthenticated("A bearer token is required.")
    try:
        principal = await edge.verifier.verify(token.strip())
    except InvalidToken as refusal:
        raise _unauthenticated(str(refusal), ' error="invalid_token"') from None
    missing = [scope for scope in needed.scopes if scope not in principal.scopes]
    if missing:
        challenge = f'Bearer error="insufficient_scope", scope="{" ".join(needed.scopes)}"'
        raise Problem(
            403, "insufficient_scope", f"This needs {', '.join(missing)}.", headers={"WWW-Authenticate": challenge}
        )
    if principal.institution is None:
        return Caller(principal, WHOLE_BANK)
    return Caller(principal, Scope(await edge.subtree(principal.institution)))


def _unauthenticated(detail: str, challenge: str = "") -> Problem:
    return Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": f"Bearer{challenge}"})
