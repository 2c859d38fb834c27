"""`guanxi import`: a bank's own files through the public API."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli import loading
from services.cli.actions import BulkStage, Stage
from services.cli.client import Api
from services.cli.imports import berka, berka_tables, mapping, reconcile, transactions
from services.cli.imports.reconcile import Reconciliation
from services.cli.options import Json, Token, Url, api, run
from services.cli.output import emit, out, table
from services.cli.report import Report

ROUNDING = Decimal(1)
LISTED = 8
app = typer.Typer(no_args_is_help=True, help="Import a bank's own files; running an import twice changes nothing.")

KeepGoing = Annotated[bool, typer.Option("--keep-going", help="Exit with 0 even when something was rejected.")]


@app.command("transactions")
def import_transactions(
    file: Annotated[Path, typer.Argument(help="A delimited text file, one transaction a row.")],
    map_: Annotated[Path, typer.Option("--map", help="The TOML file that says what the columns mean.")],
    *,
    keep_going: KeepGoing = False,
    json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Post the transactions of any bank's export, read by a mapping of columns, formats and codes."""
    run(_transactions(api(url, token), file, map_, keep_going=keep_going, json=json))


@app.command("berka")
def import_berka(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder with account.asc, trans.asc and so on.")],
    *,
    keep_going: KeepGoing = False,
    json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Import the Czech bank of the PKDD'99 challenge: clients, accounts, loans, cards, orders and transactions."""
    run(_berka(api(url, token), directory, keep_going=keep_going, json=json))


async def _transactions(session: Api, file: Path, map_: Path, *, keep_going: bool, json: bool) -> None:
    read = mapping.load(map_)
    stage = BulkStage("transactions", "transaction", transactions.read(file, read))
    async with session:
        report = await loading.load(session, [stage], quiet=json)
    balances = reconcile.reconcile(reconcile.movements(file, read)) if read.columns.balance else None
    _finish(report, balances, keep_going=keep_going, json=json)


async def _berka(session: Api, directory: Path, *, keep_going: bool, json: bool) -> None:
    stages: list[Stage] = berka.stages(directory, berka_tables.load(directory))
    async with session:
        report = await loading.load(session, stages, quiet=json)
    balances = reconcile.reconcile(reconcile.movements(directory / "trans.asc", mapping.load(berka.MAP)))
    _finish(report, balances, keep_going=keep_going, json=json)


def _finish(report: Report, balances: Reconciliation | None, *, keep_going: bool, json: bool) -> None:
    if json:
        emit(loading.as_json(report) | ({"balances": _balances(balances)} if balances else {}))
    else:
        loading.show(report)
        if balances:
            _show(balances)
    if report.rejected and not keep_going:
        raise typer.Exit(1)


def _balances(balances: Reconciliation) -> dict[str, Any]:
    differences = [
        {
            "account": each.account,
            "first": each.first,
            "days": each.days,
            "of": each.of,
            "largest": str(each.largest),
        }
        for each in balances.differences
    ]
    beyond = len(balances.beyond(ROUNDING))
    return {
        "accounts": balances.accounts,
        "differing": len(differences),
        "beyond_rounding": beyond,
        "differences": differences,
    }


def _show(balances: Reconciliation) -> None:
    beyond = balances.beyond(ROUNDING)
    exact = balances.accounts - len(balances.differences)
    rounded = len(balances.differences) - len(beyond)
    out.print("\nRunning sums against the balance that the bank reports, at the end of each day:")
    out.print(
        f"{balances.accounts:,} accounts, {exact:,} equal, {rounded:,} off by at most {ROUNDING} (rounding), "
        f"{len(beyond):,} off by more"
    )
    rows = [(each.account, each.first, f"{each.days} of {each.of}", each.largest) for each in beyond[:LISTED]]
    if rows:
        out.print(table("", ("account", "since", "days", "largest"), rows, right=(3,)))
    if len(beyond) > LISTED:
        out.print(f"… and {len(beyond) - LISTED} more: --json lists them all")
