"""The Berka tables and mapping on rows of our own invention."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from services.cli.actions import Action, BulkStage
from services.cli.errors import BadFile
from services.cli.imports import berka, berka_tables, mapping, reconcile
from services.cli.imports.berka_tables import birth, months_after
from shared.identifiers import derived

FILES = {
    "district.asc": 'A1;A2;A3\n4;"Testov";"far east"\n',
    "client.asc": 'client_id;birth_number;district_id\n71;"605307";4\n72;"610101";4\n',
    "account.asc": 'account_id;district_id;frequency;date\n81;4;"POPLATEK MESICNE";940105\n',
    "disp.asc": 'disp_id;client_id;account_id;type\n91;71;81;"OWNER"\n92;72;81;"DISPONENT"\n',
    "loan.asc": 'loan_id;account_id;date;amount;duration;payments;status\n61;81;940831;5000;6;900.00;"A"\n',
    "card.asc": 'card_id;disp_id;type;issued\n51;92;"classic";950607 00:00:00\n',
    "order.asc": 'order_id;account_id;bank_to;account_to;amount;k_symbol\n41;81;"QQ";"123";12.50;"SIPO"\n',
    "trans.asc": "trans_id;account_id;date;type;operation;amount;balance;k_symbol;bank;account\n"
    '31;81;940105;"PRIJEM";"VKLAD";100.00;100.00;"";;\n'
    '33;81;940106;"VYDAJ";"PREVOD NA UCET";12.50;89.00;"SIPO";"QQ";"123"\n'
    '32;81;940106;"PRIJEM";"";1.50;101.50;"UROK";;\n'
    '34;81;940107;"VYBER";"VYBER";10.00;70.00;"";;\n',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text.replace("\n", "\r\n"))
    return tmp_path


def by_kind(folder: Path) -> dict[str, list[Action]]:
    found: dict[str, list[Action]] = {}
    for stage in berka.stages(folder, berka_tables.load(folder)):
        items = stage.actions if isinstance(stage, BulkStage) else [each for chain in stage.chains for each in chain]
        for item in items:
            assert isinstance(item, Action)
            found.setdefault(item.kind, []).append(item)
    return found


def test_women_have_fifty_added_to_the_month():
    assert birth("605307") == (date(1960, 3, 7), True)
    assert birth("610101") == (date(1961, 1, 1), False)
    for wrong in ("61010", "611301", "616301", "61x101"):
        with pytest.raises(ValueError):  # noqa: PT011 - the message differs by what is wrong
            birth(wrong)


def test_a_month_that_is_too_short_ends_on_its_last_day():
    assert months_after(date(1994, 8, 31), 6) == date(1995, 2, 28)
    assert months_after(date(1994, 12, 15), 12) == date(1995, 12, 15)
    assert months_after(date(1995, 11, 30), 1) == date(1995, 12, 30)


def test_institutions_are_bank_region_and_district(folder):
    bank, region, district = by_kind(folder)["institution"]
    assert [each.body["level"] for each in (bank, region, district)] == ["head_office", "branch", "sub_branch"]
    assert region.body["parent_id"] == derived("ins", "berka", "institution:bank")
    assert district.body["parent_id"] == derived("ins", "berka", "institution:region:far-east")
    assert district.body["name"] == "Testov"


def test_owner_holds_and_disponent_is_a_holder_and_has_the_card(folder):
    actions = by_kind(folder)
    current, loan, card = (each.body for each in actions["account"])
    assert current["customer_id"] == loan["customer_id"] == derived("cus", "berka", "client:71")
    assert card["customer_id"] == derived("cus", "berka", "client:72")
    assert (loan["opening_balance"], loan["maturity_date"]) == ({"amount": "5000", "currency": "CZK"}, "1995-02-28")
    [holder] = actions["account_holder"]
    assert holder.body["customer_id"] == derived("cus", "berka", "client:72")
    assert holder.body["account_id"] == derived("acc", "berka", "account:81")
    assert actions["account_closure"][0].target == derived("acc", "berka", "loan:61")


def test_transactions_follow_the_mapping(folder):
    cash, household, interest, withdrawal = (each.body for each in by_kind(folder)["transaction"])
    assert (cash["credit_debit_indicator"], cash["initiated_by"], cash["channel"]) == ("CRDT", "customer", "counter")
    assert (household["external"], household["initiated_by"]) == ("out", "standing_order")
    assert household["counterparty"] == "QQ/123"
    assert interest["initiated_by"] == "bank"
    assert withdrawal["credit_debit_indicator"] == "DBIT"
    assert cash["account_id"] == derived("acc", "berka", "account:81")


def test_every_creating_command_has_a_reference(folder):
    creating = {"institution", "customer", "account", "standing_order", "transaction"}
    for kind, actions in by_kind(folder).items():
        if kind in creating:
            assert all(each.body["reference"]["system"] == "berka" for each in actions)


def test_running_sums_are_compared_at_the_end_of_the_day(folder):
    found = reconcile.reconcile(reconcile.movements(folder / "trans.asc", mapping.load(berka.MAP)))
    [difference] = found.differences
    assert (found.accounts, difference.account, difference.first) == (1, "81", "1994-01-07")
    assert (difference.days, difference.of, difference.largest) == (1, 3, Decimal("9.00"))
    assert found.beyond(Decimal(9)) == []


@pytest.mark.parametrize(
    ("name", "row", "line"),
    [
        ("client.asc", '73;"619901";4', 4),
        ("loan.asc", '62;82;940831;5000;6;900.00;"A"', 3),
        ("disp.asc", "x;1;2;OWNER", 4),
    ],
)
def test_a_broken_table_is_refused_with_its_line(folder, name, row, line):
    with (folder / name).open("a") as stream:
        stream.write(row + "\r\n")
    with pytest.raises(BadFile, match=f"{name}: line {line}"):
        berka_tables.load(folder)


def test_a_missing_table_is_named(folder):
    (folder / "card.asc").unlink()
    with pytest.raises(BadFile, match=r"card\.asc"):
        berka_tables.load(folder)
