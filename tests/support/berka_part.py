"""A part of the real bank that holds together: some branches' accounts, and everything that hangs on them."""

from collections.abc import Collection
from pathlib import Path

import msgspec

from services.cli.imports.berka_tables import Tables

PARTS = 8
"""One of so many districts is loaded where the whole bank would take too long."""


def part(tables: Tables) -> Tables:
    """Every eighth district's accounts with their clients, whatever district those live in."""
    accounts = [each for each in tables.accounts if each.district % PARTS == 2]
    kept = {each.number for each in accounts}
    dispositions = {number: each for number, each in tables.dispositions.items() if each.account in kept}
    clients = {each.client for each in dispositions.values()}
    return msgspec.structs.replace(
        tables,
        accounts=accounts,
        dispositions=dispositions,
        clients=[each for each in tables.clients if each.number in clients],
        loans=[each for each in tables.loans if each.account in kept],
        cards=[each for each in tables.cards if each.disposition in dispositions],
        orders=[each for each in tables.orders if each.account in kept],
        by_account={number: each for number, each in tables.by_account.items() if number in kept},
    )


def transactions(directory: Path, tables: Tables, into: Path) -> None:
    """Write the part's own trans.asc."""
    kept = {str(each.number) for each in tables.accounts}
    lines = (directory / "trans.asc").read_text("ascii").splitlines(keepends=True)
    (into / "trans.asc").write_text(lines[0] + "".join(_of(lines[1:], kept)), "ascii")


def _of(lines: Collection[str], accounts: set[str]) -> list[str]:
    """The account is the second column."""
    return [line for line in lines if line.split(";", 2)[1].strip('"') in accounts]
