"""The real bank goes in over the public API, twice, and explained scores come out.

Every eighth branch by default; the whole bank with GUANXI_REAL=full.
"""

import os
from pathlib import Path

import pytest

from services.cli.client import Api
from services.cli.guide import caught_up
from services.cli.imports import berka as bank
from services.cli.imports import berka_tables
from services.cli.imports.berka_tables import Tables
from services.cli.loader import Loader
from services.cli.relationships import ranking
from shared.identifiers import derived
from support.berka_part import part, transactions
from support.writing import clean

pytestmark = pytest.mark.slow
FULL = os.environ.get("GUANXI_REAL") == "full"
EXPECTED = (
    {
        "institutions": 86,
        "customers": 5_369,
        "accounts": 4_500 + 682 + 892,
        "account holders": 869,
        "standing orders": 6_471,
        "loan status": 682,
        "transactions": 49_102,
        "loans paid back": 203,
    }
    if FULL
    else {
        "institutions": 86,
        "customers": 651,
        "accounts": 536 + 79 + 109,
        "account holders": 115,
        "standing orders": 770,
        "loan status": 79,
        "transactions": 5_516,
        "loans paid back": 21,
    }
)


def chosen(directory: Path, into: Path) -> tuple[Path, Tables]:
    """The directory to read the transactions from, and the tables."""
    tables = berka_tables.load(directory)
    if FULL:
        return directory, tables
    tables = part(tables)
    transactions(directory, tables, into)
    return into, tables


async def test_the_bank_is_accepted_and_a_second_import_changes_nothing(
    embedded: Api, berka: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory, tables = chosen(berka, tmp_path_factory.mktemp("part"))
    first = await Loader(embedded).load(bank.stages(directory, tables))

    assert first.rejected == 0, first.samples
    assert {tally.title: tally.accepted for tally in first.stages} == EXPECTED

    again = await Loader(embedded).load(bank.stages(directory, tables))
    assert [tally.accepted for tally in again.stages] == [0] * len(again.stages)
    assert [tally.read for tally in again.stages] == list(EXPECTED.values())

    await caught_up(embedded)
    client = derived("cus", "berka", "client:1")
    explained = await embedded.get("scoring", f"/v1/relationships/{client}/explanation")
    points = sum(round(bond["points"] * 10_000) for bond in explained["bonds"])
    assert points == round(explained["strength"] * 10_000)
    strongest = await ranking(embedded, "strength", 10)
    assert [each["strength"] for each in strongest] == sorted((each["strength"] for each in strongest), reverse=True)
    await clean(embedded)
