"""How a bank's export of transactions is read: columns, formats and code translations, from one TOML file."""

import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec

from services.cli.errors import BadFile

Values = str | list[str]


class FileFormat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The dialect. Without a header row, columns are named by their number from 1, as in "3"."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    header: bool = True


class Numbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How amounts are written: `decimal` point and the `thousands` separator, empty for none."""

    decimal: str = "."
    thousands: str = ""


class Dates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A strptime format, for example `%d.%m.%Y`."""

    format: str = "%Y-%m-%d"


class Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which column holds what. `counterparty` may name several; they are joined by a slash."""

    reference: str
    account: str
    booking_date: str
    amount: str = ""
    credit: str = ""
    debit: str = ""
    value_date: str = ""
    currency: str = ""
    balance: str = ""
    counterparty: list[str] = []


class Direction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What tells a credit from a debit.

    `codes`: `column` holds one of the credit or debit codes. `signed`: a minus means debit.
    `columns`: credits and debits stand in columns of their own.
    """

    rule: Literal["codes", "signed", "columns"] = "signed"
    column: str = ""
    credit: list[str] = []
    debit: list[str] = []


class External(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The column that names the counterparty's bank: filled with none of our `own` codes, money crosses to it."""

    column: str
    own: list[str] = []


class AccountReference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the accounts of the file were referenced when they were opened: system and prefix of the id."""

    system: str
    prefix: str = ""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where every named column holds (one of) the given codes, these fields are set. Later rules win.

    A code of "*" means: filled with anything.
    """

    when: dict[str, Values]
    set: dict[str, Any]


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole mapping. `system` is the source system of the transactions' references."""

    system: str
    columns: Columns
    account: AccountReference
    currency: str = ""
    prefix: str = ""
    file: FileFormat = FileFormat()
    numbers: Numbers = Numbers()
    dates: Dates = Dates()
    direction: Direction = Direction()
    external: External | None = None
    defaults: dict[str, Any] = {}
    rules: list[Rule] = []


FIELDS = {"initiated_by", "channel", "external", "purchase", "bank_transaction_code"}


def load(path: Path) -> Mapping:
    """Reads and checks a mapping file. Raises BadFile with the place and the reason."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadFile(str(path), error.strerror or "cannot be read") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadFile(str(path), f"not TOML: {error}") from error
    try:
        mapping = msgspec.convert(document, Mapping)
    except msgspec.ValidationError as error:
        raise BadFile(str(path), str(error)) from error
    if reason := _contradiction(mapping):
        raise BadFile(str(path), reason)
    return mapping


def _contradiction(mapping: Mapping) -> str:
    columns, direction = mapping.columns, mapping.direction
    if direction.rule == "columns" and not (columns.credit and columns.debit):
        return 'direction.rule = "columns" needs columns.credit and columns.debit'
    if direction.rule != "columns" and not columns.amount:
        return "columns.amount is missing"
    if direction.rule == "codes" and not (direction.column and direction.credit and direction.debit):
        return 'direction.rule = "codes" needs column, credit and debit'
    if not (mapping.currency or columns.currency):
        return "either currency or columns.currency is needed"
    for fields in (mapping.defaults, *(rule.set for rule in mapping.rules)):
        if unknown := sorted(set(fields) - FIELDS):
            return f"{unknown[0]} cannot be set: known are {', '.join(sorted(FIELDS))}"
    return ""
