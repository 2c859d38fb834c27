"""From a row of a bank's export to a transaction for the public API. Pure but for reading the file."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from services.cli.actions import Action, BadRow
from services.cli.imports import rows
from services.cli.imports.mapping import Mapping, Numbers, Rule
from services.cli.imports.rows import Row
from shared.identifiers import derived

_DIGITS = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


class _Bad(Exception):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def read(path: Path, mapping: Mapping) -> Iterator[Action | BadRow]:
    """Every row of the file as a transaction, or as a bad row with its line. Raises BadFile."""
    for line, row in rows.read(path, mapping.file, _needed(mapping)):
        if row is None:
            yield BadRow(line, "wrong_columns", "the row has not as many cells as the first")
        else:
            yield convert(row, mapping, line)


def convert(row: Row, mapping: Mapping, line: int) -> Action | BadRow:
    """One row as a transaction dated at its booking day, or what is wrong with it."""
    try:
        return _converted(row, mapping, line)
    except _Bad as bad:
        return BadRow(line, bad.code, bad.detail)


def balance(row: Row, mapping: Mapping) -> Decimal | None:
    """The balance reported beside the row, None where there is none."""
    try:
        return Decimal(_amount(row, mapping.columns.balance, mapping.numbers))
    except _Bad:
        return None


def _converted(row: Row, mapping: Mapping, line: int) -> Action:
    columns = mapping.columns
    reference = mapping.prefix + _filled(row, columns.reference)
    account = mapping.account.prefix + _filled(row, columns.account)
    indicator, amount = _direction(row, mapping)
    booked = _day(row, columns.booking_date, mapping)
    body: dict[str, Any] = {
        "reference": {"system": mapping.system, "id": reference},
        "account_id": derived("acc", mapping.account.system, account),
        "credit_debit_indicator": indicator,
        "amount": {"amount": amount, "currency": _currency(row, mapping)},
        "booking_date": booked.isoformat(),
        "initiated_by": "customer",
        "occurred_at": booked.isoformat(),
    }
    if columns.value_date and row[columns.value_date].strip():
        body["value_date"] = _day(row, columns.value_date, mapping).isoformat()
    body |= _external(row, mapping, indicator) | mapping.defaults
    for rule in mapping.rules:
        if _fits(row, rule):
            body |= rule.set
    # An empty text in a rule takes back what an earlier one has set.
    body = {name: value for name, value in body.items() if value != ""}
    if counterparty := "/".join(cell for name in columns.counterparty if (cell := row[name].strip())):
        body["counterparty"] = counterparty
    return Action("transaction", reference, body, line=line)


def _needed(mapping: Mapping) -> set[str]:
    columns = mapping.columns
    names = {columns.reference, columns.account, columns.booking_date, columns.amount, columns.credit, columns.debit}
    names |= {columns.value_date, columns.currency, columns.balance, mapping.direction.column, *columns.counterparty}
    names |= {name for rule in mapping.rules for name in rule.when}
    names |= {mapping.external.column} if mapping.external else set()
    return names - {""}


def _filled(row: Row, column: str) -> str:
    text = row[column].strip()
    if not text:
        raise _Bad("missing_value", f"column {column} is empty")
    return text


def _currency(row: Row, mapping: Mapping) -> str:
    column = mapping.columns.currency
    return (row[column].strip() if column else "") or mapping.currency or _filled(row, column)


def _direction(row: Row, mapping: Mapping) -> tuple[str, str]:
    """CRDT or DBIT, and the amount without its sign."""
    rule, columns, numbers = mapping.direction, mapping.columns, mapping.numbers
    if rule.rule == "columns":
        credit, debit = row[columns.credit].strip(), row[columns.debit].strip()
        if bool(credit) == bool(debit):
            raise _Bad("bad_amount", f"exactly one of {columns.credit} and {columns.debit} must be filled")
        return ("CRDT" if credit else "DBIT"), _amount(row, columns.credit if credit else columns.debit, numbers)
    amount = _amount(row, columns.amount, numbers)
    if rule.rule == "signed":
        return ("DBIT" if amount.startswith("-") else "CRDT"), amount.removeprefix("-")
    code = row[rule.column].strip()
    if code not in rule.credit and code not in rule.debit:
        raise _Bad("unknown_code", f"column {rule.column} holds a code that the mapping does not translate")
    if amount.startswith("-"):
        raise _Bad("bad_amount", f"column {columns.amount} is negative, and the direction is given by a code")
    return ("CRDT" if code in rule.credit else "DBIT"), amount


def _amount(row: Row, column: str, numbers: Numbers) -> str:
    text = _filled(row, column)
    if numbers.thousands:
        text = text.replace(numbers.thousands, "")
    text = text.replace(numbers.decimal, ".")
    if not _DIGITS.fullmatch(text):
        raise _Bad("bad_amount", f"column {column} is not a number as the mapping writes numbers")
    return _canonical(text)


def _canonical(text: str) -> str:
    """Without a plus sign and leading zeros, which the API does not take."""
    sign = "-" if text.startswith("-") else ""
    whole, point, fraction = text.lstrip("+-").partition(".")
    return sign + (whole.lstrip("0") or "0") + point + fraction


def _day(row: Row, column: str, mapping: Mapping) -> date:
    text = _filled(row, column)
    try:
        return _parsed(text, mapping.dates.format)
    except ValueError:
        raise _Bad("bad_date", f"column {column} is not a date as {mapping.dates.format}") from None


@lru_cache(maxsize=4096)
def _parsed(text: str, layout: str) -> date:
    return datetime.strptime(text, layout).date()


def _external(row: Row, mapping: Mapping, indicator: str) -> dict[str, str]:
    if mapping.external is None:
        return {}
    bank = row[mapping.external.column].strip()
    if not bank or bank in mapping.external.own:
        return {}
    return {"external": "in" if indicator == "CRDT" else "out"}


def _fits(row: Row, rule: Rule) -> bool:
    return all(_matches(row[column].strip(), codes) for column, codes in rule.when.items())


def _matches(cell: str, codes: str | list[str]) -> bool:
    allowed = [codes] if isinstance(codes, str) else codes
    return cell in allowed or ("*" in allowed and bool(cell))
