"""What a persona holds: the accounts, with what stood on them when they were opened."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec

from services.cli.actions import Action
from services.cli.demo.cast import Persona
from services.cli.demo.rhythm import before
from services.cli.demo.world import CURRENCY, World, cny

PERSONAL = ("card", "term_deposit", "fund", "insurance", "consumer_loan", "precious_metal", "wealth_product")
CORPORATE = ("term_deposit", "working_capital_loan", "card", "wealth_product", "bill_discount", "guarantee", "bond")
CURRENT_SHARE = {"money_mover": 0.85, "silent_leaver": 0.85}


class Holding(msgspec.Struct, frozen=True):
    """One account. `balance` in minor units at `since`."""

    name: str
    product: str
    since: date
    balance: int
    maturity: date | None = None


def holdings(world: World, persona: Persona) -> list[Holding]:
    """The current account first, then what else the persona holds."""
    random = world.random(persona, "holdings")
    choice = PERSONAL if persona.kind == "personal" else CORPORATE
    low, high = persona.story.products
    products = choice[: random.randint(low, high)] if persona.named else _some(random, choice, low, high)
    share = CURRENT_SHARE.get(persona.story.name, 0.35 if products else 1.0)
    current = Holding(f"{persona.key}-current", "demand_deposit", persona.since, round(persona.balance * share) * 100)
    rest = persona.balance - current.balance // 100
    others = [_other(world, persona, random, product, rest) for product in products]
    return [current, *others]


def actions(world: World, persona: Persona, held: list[Holding]) -> Iterator[Action]:
    """The openings, dated when the accounts began."""
    for holding in held:
        body: dict[str, Any] = {
            "customer_id": world.customer(persona),
            "product": holding.product,
            "currency": CURRENCY,
            "since": holding.since.isoformat(),
            "occurred_at": holding.since.isoformat(),
        }
        body |= {"opening_balance": cny(holding.balance)} if holding.balance else {}
        body |= {"maturity_date": holding.maturity.isoformat()} if holding.maturity else {}
        yield world.new("account", holding.name, body)


def _some(random: Random, choice: tuple[str, ...], low: int, high: int) -> list[str]:
    return random.sample(choice, min(len(choice), random.randint(low, high)))


def _other(world: World, persona: Persona, random: Random, product: str, rest: int) -> Holding:
    age = (world.today - persona.since).days
    since = before(world.today, random.randint(min(60, age), age))
    balance = 0 if product in ("card", "guarantee") else round(rest * random.uniform(0.2, 0.5)) * 100
    maturity = None
    if product == "term_deposit":
        maturity = world.today + timedelta(days=random.randint(5, 700))
    return Holding(f"{persona.key}-{product}", product, since, balance, maturity)
