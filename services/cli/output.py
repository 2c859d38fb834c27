"""What commands print: tables for people, JSON for programs, failures on the error stream."""

import sys
from collections.abc import Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def complain(message: str) -> None:
    """One line on the error stream."""
    err.print(f"guanxi: {message}", style="red", markup=False, soft_wrap=True)


def emit(value: Any) -> None:
    """A value as JSON on standard output, indented, and nothing else."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    right: Sequence[int] = (),
    whole: Sequence[int] = (),
) -> Table:
    """A compact table; `right` lists the columns that hold numbers, `whole` those never broken into lines."""
    built = Table(title=title or None, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for index, name in enumerate(columns):
        justify = "right" if index in right else "left"
        built.add_column(name, justify=justify, header_style="dim", no_wrap=index in whole)
    for row in rows:
        built.add_row(*(str(cell) for cell in row))
    return built
