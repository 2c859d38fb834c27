"""`guanxi token`: a bearer token for trying things out."""

from typing import Annotated

import typer

from services.cli.client import Api
from services.cli.errors import CliError, Unreachable
from services.cli.options import Url, api, run, settings
from shared.auth.issuer import LocalIssuer
from shared.auth.roles import ROLES


def token(
    *,
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")] = "admin",
    institution: Annotated[
        str | None,
        typer.Option(help="Id of the institution whose subtree the token may see.", show_default="whole bank"),
    ] = None,
    url: Url = None,
) -> None:
    """Print a token: from the running development Guanxi, else signed with the local key of the data folder."""
    typer.echo(run(_token(api(url, None), role, institution)))


async def _token(session: Api, role: str, institution: str | None) -> str:
    if role not in ROLES:
        raise CliError(f"there is no role {role}; roles are {', '.join(ROLES)}")
    async with session:
        try:
            return await session.mint(role, institution)
        except Unreachable:
            return _local(role, institution)


def _local(role: str, institution: str | None) -> str:
    """Only where the key exists already: a key made here would be nobody's."""
    given = settings()
    if not given.local_issuer or not (given.data / "issuer.pem").exists():
        raise CliError("no Guanxi is running here and there is no local key in the data folder: set GUANXI_DATA")
    return LocalIssuer.in_folder(given.data, given.issuer, given.audience).mint(role, institution=institution)
