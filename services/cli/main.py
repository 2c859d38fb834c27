"""The command `guanxi`."""

import typer

from services.cli import demonstrating, importing

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Guanxi: live, explained relationship strength for banks.",
)
app.command()(demonstrating.demo)
app.add_typer(importing.app, name="import")
