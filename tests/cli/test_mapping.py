"""Reading any bank's export by a mapping; the rows here are invented."""

from pathlib import Path

import pytest

from services.cli.actions import Action, BadRow
from services.cli.errors import BadFile
from services.cli.imports import mapping, transactions
from shared.identifiers import derived

MAP = """
system = "north"
currency = "EUR"
prefix = "t-"
[file]
delimiter = ";"
encoding = "cp1252"
[columns]
reference = "Nr"
account = "Konto"
booking_date = "Tag"
amount = "Betrag"
counterparty = ["Bank", "Gegenkonto"]
[numbers]
decimal = ","
thousands = "."
[dates]
format = "%d.%m.%Y"
[account]
system = "core"
prefix = "a-"
[external]
column = "Bank"
own = ["US"]
[defaults]
channel = "online"
[[rules]]
when = { Text = "Zinsen" }
set = { initiated_by = "bank", channel = "" }
[[rules]]
when = { Text = ["Gebühr", "Spesen"], Bank = "" }
set = { initiated_by = "bank", purchase = false }
"""
HEAD = "Nr;Konto;Tag;Betrag;Text;Bank;Gegenkonto\n"


def read(folder: Path, rows: str, text: str = MAP) -> list[Action | BadRow]:
    (folder / "map.toml").write_text(text, encoding="utf-8")
    (folder / "rows.csv").write_text(HEAD + rows, encoding="cp1252")
    return list(transactions.read(folder / "rows.csv", mapping.load(folder / "map.toml")))


def test_a_row_becomes_a_transaction(tmp_path):
    [action] = read(tmp_path, "17;5;03.02.2024;-1.234,50;Miete;XY;99\n")

    assert isinstance(action, Action)
    assert action.line == 2
    assert action.body == {
        "reference": {"system": "north", "id": "t-17"},
        "account_id": derived("acc", "core", "a-5"),
        "credit_debit_indicator": "DBIT",
        "amount": {"amount": "1234.50", "currency": "EUR"},
        "booking_date": "2024-02-03",
        "occurred_at": "2024-02-03",
        "initiated_by": "customer",
        "external": "out",
        "channel": "online",
        "counterparty": "XY/99",
    }


def test_a_credit_from_the_banks_own_code_is_not_external(tmp_path):
    [action] = read(tmp_path, "1;5;03.02.2024;+007,5;;US;\n")

    assert isinstance(action, Action)
    assert action.body["amount"]["amount"] == "7.5"
    assert action.body["credit_debit_indicator"] == "CRDT"
    assert "external" not in action.body


def test_later_rules_win_and_need_all_their_columns(tmp_path):
    interest, fee, sent = read(
        tmp_path, "1;5;03.02.2024;1,00;Zinsen;;\n2;5;03.02.2024;-1,00;Gebühr;;\n3;5;03.02.2024;-1,00;Gebühr;XY;\n"
    )

    assert isinstance(interest, Action)
    assert isinstance(fee, Action)
    assert isinstance(sent, Action)
    assert interest.body["initiated_by"] == "bank"
    assert "channel" not in interest.body
    assert fee.body["initiated_by"] == "bank"
    assert sent.body["initiated_by"] == "customer"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("1;5;2024-02-03;1,00;;;", "bad_date"),
        ("1;5;31.02.2024;1,00;;;", "bad_date"),
        ("1;5;03.02.2024;1,0x;;;", "bad_amount"),
        ("1;5;03.02.2024;;;;", "missing_value"),
        (";5;03.02.2024;1,00;;;", "missing_value"),
        ("1;5;03.02.2024", "wrong_columns"),
    ],
)
def test_a_bad_row_says_its_line_and_never_its_value(tmp_path, row, code):
    good, bad, after = read(tmp_path, f"8;5;03.02.2024;1,00;;;\n{row}\n9;5;03.02.2024;1,00;;;\n")

    assert isinstance(bad, BadRow)
    assert (bad.line, bad.code) == (3, code)
    assert "31.02" not in bad.detail
    assert "1,0x" not in bad.detail
    assert isinstance(good, Action)
    assert isinstance(after, Action)


def test_credits_and_debits_in_columns_of_their_own(tmp_path):
    text = (
        'system = "s"\ncurrency = "EUR"\n[columns]\nreference = "1"\naccount = "2"\nbooking_date = "3"\ncredit = "4"\n'
    )
    text += 'debit = "5"\n[file]\nheader = false\n[account]\nsystem = "s"\n[direction]\nrule = "columns"\n'
    (tmp_path / "map.toml").write_text(text)
    (tmp_path / "rows.csv").write_text("a,1,2024-01-02,5.00,\nb,1,2024-01-02,,6.00\nc,1,2024-01-02,1,1\n")
    credit, debit, both = transactions.read(tmp_path / "rows.csv", mapping.load(tmp_path / "map.toml"))

    assert isinstance(credit, Action)
    assert isinstance(debit, Action)
    assert (credit.line, credit.body["credit_debit_indicator"]) == (1, "CRDT")
    assert debit.body["credit_debit_indicator"] == "DBIT"
    assert isinstance(both, BadRow)
    assert both.code == "bad_amount"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (('amount = "Betrag"\n', ""), "columns.amount is missing"),
        (('currency = "EUR"\n', ""), "currency"),
        (("thousands", "tousands"), "tousands"),
        (('channel = "online"', 'chanel = "online"'), "chanel cannot be set"),
        (('system = "north"', "system = north"), "not TOML"),
    ],
)
def test_a_mapping_that_contradicts_itself_is_refused(tmp_path, change, reason):
    with pytest.raises(BadFile, match=reason):
        read(tmp_path, "", MAP.replace(*change))


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(BadFile, match="column Saldo is missing"):
        read(tmp_path, "", MAP.replace('amount = "Betrag"', 'amount = "Betrag"\nbalance = "Saldo"'))


def test_a_file_in_another_encoding_is_refused_with_its_reason(tmp_path):
    (tmp_path / "map.toml").write_text(MAP.replace("cp1252", "ascii"), encoding="utf-8")
    (tmp_path / "rows.csv").write_bytes(HEAD.encode() + b"1;5;03.02.2024;1,00;Geb\xfchr;;\n")
    with pytest.raises(BadFile, match="not ascii"):
        list(transactions.read(tmp_path / "rows.csv", mapping.load(tmp_path / "map.toml")))
