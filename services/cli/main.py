"""The command `guanxi`."""

import typer

from services.cli import demonstrating, doctor, importing, operating, rebuild, relationships, setup, tokens, up, verify

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Guanxi: live, explained relationship strength for banks.",
)
app.command()(up.up)
app.command()(demonstrating.demo)
app.command()(relationships.top)
app.command()(relationships.show)
app.add_typer(importing.app, name="import")
app.command()(verify.verify)
app.add_typer(operating.parked, name="parked")
app.command()(rebuild.rebuild)
app.command()(doctor.doctor)
app.command()(tokens.token)
app.command()(setup.migrate)
app.command()(setup.topics)
