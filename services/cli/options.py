"""The options that every command shares, and how a command runs."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

import stamina
import typer
from pydantic import ValidationError

from services.cli.client import Api
from services.cli.connection import connect
from services.cli.errors import CliError
from services.cli.output import complain
from shared.runtime.settings import Settings

Result = TypeVar("Result")

Url = Annotated[
    str | None,
    typer.Option(
        envvar="GUANXI_URL",
        help="A running Guanxi: one base URL, or customer=URL,interaction=URL,complaint=URL,scoring=URL.",
        show_default="http://127.0.0.1:8000",
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        envvar="GUANXI_TOKEN",
        help="A bearer token; without one, a development Guanxi on this machine gives its own.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def api(url: str | None, token: str | None) -> Api:
    """The running Guanxi that the options name."""
    return Api(connect(url, token))


def settings() -> Settings:
    """The configuration of this environment. Raises CliError where it is not valid."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "".join(f"GUANXI_{part}".upper() + " " for part in first["loc"])
        raise CliError(f"the configuration is not valid: {name}{first['msg']}") from None


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Runs a command to its end; what the person can do something about becomes one line and exit code 1."""
    # Retries are the command's own business; their log lines would only tear the progress bars.
    stamina.instrumentation.set_on_retry_hooks(())
    try:
        return asyncio.run(work)
    except CliError as error:
        complain(str(error))
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        complain("interrupted; running the command again goes on where it stopped")
        raise typer.Exit(130) from None
