"""The tables of the PKDD'99 challenge's bank, typed: what an import needs of them and no more."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from services.cli.errors import BadFile
from services.cli.imports import rows
from services.cli.imports.mapping import FileFormat
from services.cli.imports.rows import Row

SYSTEM = "berka"
LAYOUT = FileFormat(delimiter=";", encoding="ascii")
PURPOSES = {"SIPO": "household", "UVER": "loan payment", "POJISTNE": "insurance", "LEASING": "leasing"}
STATUS = {
    "A": "finished, paid back",
    "B": "finished, not paid back",
    "C": "running, paid as agreed",
    "D": "running, in debt",
}
Item = TypeVar("Item")


class District(msgspec.Struct, frozen=True):
    number: int
    name: str
    region: str


class Client(msgspec.Struct, frozen=True):
    number: int
    born: date
    woman: bool
    district: int
    line: int = 0


class Account(msgspec.Struct, frozen=True):
    number: int
    district: int
    opened: date
    line: int = 0


class Disposition(msgspec.Struct, frozen=True):
    """Who may use which account: `type` OWNER or DISPONENT."""

    number: int
    client: int
    account: int
    type: str
    line: int = 0


class Loan(msgspec.Struct, frozen=True):
    number: int
    account: int
    granted: date
    amount: str
    months: int
    status: str
    paid_back: bool
    line: int = 0


class Card(msgspec.Struct, frozen=True):
    number: int
    disposition: int
    issued: date
    line: int = 0


class Order(msgspec.Struct, frozen=True):
    number: int
    account: int
    counterparty: str
    amount: str
    purpose: str
    line: int = 0


class Tables(msgspec.Struct, frozen=True):
    """All tables but the transactions, with the look-ups between them."""

    districts: list[District]
    clients: list[Client]
    accounts: list[Account]
    dispositions: dict[int, Disposition]
    loans: list[Loan]
    cards: list[Card]
    orders: list[Order]
    owners: dict[int, int]
    by_account: dict[int, Account]
    since: dict[int, date]


def load(directory: Path) -> Tables:
    """Reads the directory. Raises BadFile where a file is missing, cannot be read, or names what does not exist."""
    accounts = _table(directory, "account.asc", "account_id district_id date", _account)
    dispositions = _table(directory, "disp.asc", "disp_id client_id account_id type", _disposition)
    by_account = {account.number: account for account in accounts}
    by_number = {disposition.number: disposition for disposition in dispositions}
    tables = Tables(
        _table(directory, "district.asc", "A1 A2 A3", _district),
        _table(directory, "client.asc", "client_id birth_number district_id", _client),
        accounts,
        by_number,
        _table(directory, "loan.asc", "loan_id account_id date amount duration status", _loan),
        _table(directory, "card.asc", "card_id disp_id issued", _card),
        _table(directory, "order.asc", "order_id account_id bank_to account_to amount k_symbol", _order),
        {disposition.account: disposition.client for disposition in dispositions if disposition.type == "OWNER"},
        by_account,
        _since(directory, dispositions, by_account),
    )
    _check(directory, tables)
    return tables


def birth(number: str) -> tuple[date, bool]:
    """A Czech birth number YYMMDD of the 20th century: women have 50 added to the month. (date, woman).

    Raises ValueError for everything else.
    """
    if len(number) != 6 or not number.isdecimal():
        raise ValueError("a birth number has six digits")
    year, month, day = int(number[:2]), int(number[2:4]), int(number[4:])
    return date(1900 + year, month - 50 if month > 50 else month, day), month > 50


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - date.resolution).day))


def _table(directory: Path, name: str, columns: str, read: Callable[[Row, int], Item]) -> list[Item]:
    return list(_rows(directory / name, set(columns.split()), read))


def _rows(path: Path, needed: set[str], read: Callable[[Row, int], Item]) -> Iterator[Item]:
    for line, row in rows.read(path, LAYOUT, needed):
        if row is None:
            raise BadFile(str(path), "the row has not as many cells as the first", line)
        try:
            item = read({name: cell.strip() for name, cell in row.items()}, line)
        except (ValueError, KeyError) as error:
            raise BadFile(str(path), "a cell does not hold what its column promises", line) from error
        yield item


def _day(text: str) -> date:
    return datetime.strptime(text[:6], "%y%m%d").date()


def _district(row: Row, _: int) -> District:
    return District(int(row["A1"]), row["A2"], row["A3"])


def _client(row: Row, line: int) -> Client:
    born, woman = birth(row["birth_number"])
    return Client(int(row["client_id"]), born, woman, int(row["district_id"]), line)


def _account(row: Row, line: int) -> Account:
    return Account(int(row["account_id"]), int(row["district_id"]), _day(row["date"]), line)


def _disposition(row: Row, line: int) -> Disposition:
    return Disposition(int(row["disp_id"]), int(row["client_id"]), int(row["account_id"]), row["type"], line)


def _loan(row: Row, line: int) -> Loan:
    status = row["status"]
    return Loan(
        int(row["loan_id"]),
        int(row["account_id"]),
        _day(row["date"]),
        row["amount"],
        int(row["duration"]),
        STATUS[status],
        status == "A",
        line,
    )


def _card(row: Row, line: int) -> Card:
    return Card(int(row["card_id"]), int(row["disp_id"]), _day(row["issued"]), line)


def _order(row: Row, line: int) -> Order:
    counterparty = f"{row['bank_to']}/{row['account_to']}"
    purpose = PURPOSES.get(row["k_symbol"], "")
    return Order(int(row["order_id"]), int(row["account_id"]), counterparty, row["amount"], purpose, line)


def _since(directory: Path, dispositions: list[Disposition], accounts: dict[int, Account]) -> dict[int, date]:
    first: dict[int, date] = {}
    for disposition in dispositions:
        account = accounts.get(disposition.account)
        if account is None:
            raise BadFile(str(directory / "disp.asc"), "the account is not in account.asc", disposition.line)
        first[disposition.client] = min(account.opened, first.get(disposition.client, account.opened))
    return first


def _check(directory: Path, tables: Tables) -> None:
    """Every row names what exists, so that no action points into nothing."""
    districts = {district.number for district in tables.districts}
    checks = (
        ("account.asc", tables.accounts, lambda item: item.number in tables.owners and item.district in districts),
        ("client.asc", tables.clients, lambda item: item.district in districts),
        ("loan.asc", tables.loans, lambda item: item.account in tables.owners),
        ("order.asc", tables.orders, lambda item: item.account in tables.by_account),
        ("card.asc", tables.cards, lambda item: item.disposition in tables.dispositions),
    )
    for name, items, exists in checks:
        for item in items:
            if not exists(item):
                raise BadFile(str(directory / name), "the row names something that no other table has", item.line)
