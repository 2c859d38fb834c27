"""`POST /v1/dev/tokens`: anybody on this machine may ask a development instance for a token."""

from typing import Annotated

from fastapi import Request
from pydantic import Field, StringConstraints

from shared.auth.issuer import LocalIssuer
from shared.auth.roles import ROLES
from shared.web import Body, View, invalid, public, router
from shared.web.problems import problems

routes = router(tags=["development"])


class TokenRequest(Body):
    """Who to be."""

    role: Annotated[str, StringConstraints(max_length=40)] = Field(examples=["teller"])
    institution: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,80}$")] | None = Field(
        None, description="The root of what the token may see; the whole bank when absent."
    )
    subject: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,80}$")] | None = None
    ttl_seconds: Annotated[int, Field(ge=1, le=7 * 86400, strict=True)] = 8 * 3600


class Token(View):
    """A bearer token."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105
    expires_in: int


@routes.post("/v1/dev/tokens", summary="Make a token (development on loopback only)", responses=problems())
@public
async def make_token(body: TokenRequest, request: Request) -> Token:
    """Not there in production, nor where the process listens beyond loopback."""
    if body.role not in ROLES:
        raise invalid("not_one_of", f"Roles are {', '.join(sorted(ROLES))}.", "/role")
    issuer: LocalIssuer = request.app.state.issuer
    token = issuer.mint(body.role, institution=body.institution, subject=body.subject or "", ttl=body.ttl_seconds)
    return Token(access_token=token, expires_in=body.ttl_seconds)
