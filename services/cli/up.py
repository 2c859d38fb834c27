"""`guanxi up`: everything in one process on this machine, and a guide beside it that shows what there is."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from services.cli.errors import CliError
from services.cli.options import settings
from services.cli.output import complain, out


def up(
    *,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port on loopback.", show_default="8000")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder for all data.", show_default=".guanxi")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Load the demo bank once, and show its scores.")] = False,
) -> None:
    """Start all services in one process under one URL, with their data in one folder; Ctrl-C drains and stops."""
    # What the services read must be what the guide reads, so both get it from the environment.
    if port is not None:
        os.environ["GUANXI_PORT"] = str(port)
    if data is not None:
        os.environ["GUANXI_DATA"] = str(data.absolute())
    try:
        _up(demo)
    except CliError as error:
        complain(str(error))
        raise typer.Exit(1) from None


def _up(demo: bool) -> None:
    given = settings()
    _check_free(given.host, given.port)
    # Only this command needs the services themselves; the others talk to them over HTTP and start faster without.
    from services.embedded import create_app  # noqa: PLC0415
    from shared.runtime import serve  # noqa: PLC0415

    app = create_app(given)
    out.print(f"Starting Guanxi on {given.data}, Ctrl-C stops it", markup=False)
    command = [sys.executable, "-m", "services.cli.guide", *(["--demo"] if demo else [])]
    # A process of its own, so that loading the demo bank takes no time from the services.
    guide = subprocess.Popen(command)  # noqa: S603 - our own module
    try:
        serve(app, given, quiet=True, stopping=_say_stopping)
        out.print(f"Stopped; everything is in {given.data}", markup=False)
    finally:
        guide.terminate()
        guide.wait()


def _say_stopping() -> None:
    out.print("Stopping, what is in hand is finished first")


def _check_free(host: str, port: int) -> None:
    """The guide must not meet another server at our address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise CliError(f"port {port} is in use: choose another with --port") from None
