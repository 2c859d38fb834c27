"""The bank of the PKDD'99 challenge as actions: its tables in code, its transactions through the mapping beside it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from services.cli.actions import Action, BadRow, BulkStage, ChainStage, Stage, singles
from services.cli.imports import mapping, transactions
from services.cli.imports.berka_tables import (
    SYSTEM,
    Account,
    Card,
    Client,
    Disposition,
    Loan,
    Order,
    Tables,
    months_after,
)
from shared.identifiers import derived

MAP = Path(__file__).with_name("berka.toml")
BANK = "bank"


def stages(directory: Path, tables: Tables) -> list[Stage]:
    """The whole directory in the order in which the API can take it."""
    trans = directory / "trans.asc"
    holders = _holders(tables)
    total = sum(1 for _ in trans.open("rb")) - 1 if trans.exists() else None
    return [
        ChainStage("institutions", [list(_institutions(tables))]),
        BulkStage(
            "customers", "customer", [_customer(client, tables) for client in tables.clients], len(tables.clients)
        ),
        BulkStage(
            "accounts", "account", _accounts(tables), len(tables.accounts) + len(tables.loans) + len(tables.cards)
        ),
        BulkStage("account holders", "account_holder", holders, len(holders)),
        BulkStage("standing orders", "standing_order", _standing_orders(tables), len(tables.orders)),
        singles("loan status", _loan_facts(tables)),
        BulkStage("transactions", "transaction", _transactions(trans), total),
        singles("loans paid back", _closures(tables)),
    ]


def _transactions(path: Path) -> Iterator[Action | BadRow]:
    return transactions.read(path, mapping.load(MAP))


def _reference(kind: str, number: object) -> dict[str, str]:
    return {"system": SYSTEM, "id": f"{kind}:{number}"}


def _id(prefix: str, kind: str, number: object) -> str:
    return derived(prefix, SYSTEM, f"{kind}:{number}")


def _crowns(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CZK"}


def _institutions(tables: Tables) -> Iterator[Action]:
    """The bank, its regions as branches, its districts as their sub-branches."""
    opened = _first_day(tables)
    root = _id("ins", "institution", BANK)
    yield _institution(BANK, "Berka bank", "head_office", None, opened)
    for region in sorted({district.region for district in tables.districts}):
        yield _institution(_region(region), region, "branch", root, opened)
    for district in tables.districts:
        parent = _id("ins", "institution", _region(district.region))
        yield _institution(f"district:{district.number}", district.name, "sub_branch", parent, opened)


def _institution(number: str, name: str, level: str, parent: str | None, opened: date) -> Action:
    body = {"reference": _reference("institution", number), "name": name, "level": level}
    body |= {"parent_id": parent} if parent else {}
    return Action("institution", number, body | {"occurred_at": opened.isoformat()})


def _region(name: str) -> str:
    return f"region:{name.replace(' ', '-')}"


def _district(number: int) -> str:
    return _id("ins", "institution", f"district:{number}")


def _first_day(tables: Tables) -> date:
    return min((account.opened for account in tables.accounts), default=date(1993, 1, 1))


def _customer(client: Client, tables: Tables) -> Action:
    """The data is without names; a client is known to the bank since the first account it was given."""
    opened = tables.since.get(client.number) or _first_day(tables)
    body = {
        "reference": _reference("client", client.number),
        "kind": "personal",
        "institution_id": _district(client.district),
        "name": f"Client {client.number}",
        "birth_date": client.born.isoformat(),
        "occurred_at": opened.isoformat(),
    }
    return Action("customer", str(client.number), body, line=client.line)


def _accounts(tables: Tables) -> Iterator[Action]:
    for account in tables.accounts:
        yield _account(account, tables)
    for loan in tables.loans:
        yield _loan(loan, tables)
    for card in tables.cards:
        yield _card(card, tables)


def _account(account: Account, tables: Tables) -> Action:
    body = {
        "customer_id": _id("cus", "client", tables.owners[account.number]),
        "product": "demand_deposit",
        "currency": "CZK",
        "institution_id": _district(account.district),
        "since": account.opened.isoformat(),
    }
    return _opened("account", account.number, body, account.opened, account.line)


def _loan(loan: Loan, tables: Tables) -> Action:
    body = {
        "customer_id": _id("cus", "client", tables.owners[loan.account]),
        "product": "consumer_loan",
        "currency": "CZK",
        "since": loan.granted.isoformat(),
        "opening_balance": _crowns(loan.amount),
        "maturity_date": months_after(loan.granted, loan.months).isoformat(),
    }
    return _opened("loan", loan.number, body, loan.granted, loan.line)


def _card(card: Card, tables: Tables) -> Action:
    """A card belongs to the person it was issued to, who need not own the account behind it."""
    body = {
        "customer_id": _id("cus", "client", tables.dispositions[card.disposition].client),
        "product": "card",
        "currency": "CZK",
        "since": card.issued.isoformat(),
    }
    return _opened("card", card.number, body, card.issued, card.line)


def _opened(kind: str, number: int, body: Mapping[str, object], day: date, line: int) -> Action:
    reference = {"reference": _reference(kind, number), "occurred_at": day.isoformat()}
    return Action("account", f"{kind}:{number}", {**reference, **body}, line=line)


def _holders(tables: Tables) -> list[Action]:
    return [_holder(each, tables) for each in tables.dispositions.values() if each.type == "DISPONENT"]


def _holder(disposition: Disposition, tables: Tables) -> Action:
    since = tables.by_account[disposition.account].opened.isoformat()
    body = {
        "account_id": _id("acc", "account", disposition.account),
        "customer_id": _id("cus", "client", disposition.client),
        "since": since,
        "occurred_at": since,
    }
    return Action("account_holder", f"{SYSTEM}:{disposition.number}", body, line=disposition.line)


def _standing_orders(tables: Tables) -> Iterator[Action]:
    """The first of every account, then the second: orders of one account wait for each other within a request."""
    turns: Counter[int] = Counter()
    ranked = [(turn, order) for order in tables.orders if (turn := _next(turns, order.account))]
    for _, order in sorted(ranked, key=lambda each: each[0]):
        yield _standing_order(order, tables)


def _next(turns: Counter[int], account: int) -> int:
    turns[account] += 1
    return turns[account]


def _standing_order(order: Order, tables: Tables) -> Action:
    body: dict[str, object] = {
        "reference": _reference("order", order.number),
        "account_id": _id("acc", "account", order.account),
        "amount": _crowns(order.amount),
        "counterparty": order.counterparty,
        "occurred_at": tables.by_account[order.account].opened.isoformat(),
    }
    body |= {"purpose": order.purpose} if order.purpose else {}
    return Action("standing_order", f"{SYSTEM}:{order.number}", body, line=order.line)


def _loan_facts(tables: Tables) -> Iterator[Action]:
    """What became of a loan is known about the borrower: it goes into the dossier, sealed."""
    for loan in tables.loans:
        body = {
            "reference": _reference("loan-status", loan.number),
            "topic": "loan",
            "value": loan.status,
            "purpose": "credit history",
            "occurred_at": loan.granted.isoformat(),
        }
        customer = _id("cus", "client", tables.owners[loan.account])
        yield Action("dossier_fact", f"{SYSTEM}:{loan.number}", body, customer, loan.line)


def _closures(tables: Tables) -> Iterator[Action]:
    """A loan that finished and was paid ends with its term."""
    for loan in tables.loans:
        if loan.paid_back:
            ended = months_after(loan.granted, loan.months).isoformat()
            body = {"effective": ended, "occurred_at": ended}
            yield Action("account_closure", f"{SYSTEM}:{loan.number}", body, _id("acc", "loan", loan.number), loan.line)
