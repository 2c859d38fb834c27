"""The real bank goes in over the public API, twice, and explained scores come out."""

import pytest

from services.cli.client import Api
from services.cli.guide import caught_up
from services.cli.imports import berka as bank
from services.cli.imports import berka_tables
from services.cli.loader import Loader
from services.cli.relationships import ranking
from shared.identifiers import derived

pytestmark = pytest.mark.slow


async def test_the_whole_bank_is_accepted_and_a_second_import_changes_nothing(embedded: Api, berka) -> None:
    stages = bank.stages(berka, berka_tables.load(berka))
    first = await Loader(embedded).load(stages)

    counts = {tally.title: tally.accepted for tally in first.stages}
    assert first.rejected == 0, first.samples
    assert counts == {
        "institutions": 86,
        "customers": 5_369,
        "accounts": 4_500 + 682 + 892,
        "account holders": 869,
        "standing orders": 6_471,
        "loan status": 682,
        "transactions": 49_102,
        "loans paid back": 203,
    }

    # The tables again, whole; of the transactions the first stage alone would take as long as all before.
    again = await Loader(embedded).load(bank.stages(berka, berka_tables.load(berka))[:3])
    assert [(tally.accepted, tally.read) for tally in again.stages] == [(0, 86), (0, 5_369), (0, 6_074)]

    await caught_up(embedded)
    client = derived("cus", "berka", "client:1")
    explained = await embedded.get("scoring", f"/v1/relationships/{client}/explanation")
    points = sum(round(bond["points"] * 10_000) for bond in explained["bonds"])
    assert points == round(explained["strength"] * 10_000)
    strongest = await ranking(embedded, "strength", 10)
    assert [each["strength"] for each in strongest] == sorted((each["strength"] for each in strongest), reverse=True)
