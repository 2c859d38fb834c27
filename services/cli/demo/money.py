"""The transactions of a persona's current account: income, payments of their own, standing orders, and what leaves."""

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import msgspec

from services.cli.actions import Action
from services.cli.demo.cast import Persona
from services.cli.demo.holdings import Holding
from services.cli.demo.rhythm import before, days, instant, months
from services.cli.demo.world import World, cny


class Movement(msgspec.Struct, frozen=True):
    """One booking to be. `share` of the balance where `amount` (minor units) is 0; debits are negative."""

    day: date
    amount: int
    fields: dict[str, Any]
    share: float = 0.0


CODES = {
    "salary": ("PMNT", "RCDT", "SALA"),
    "card": ("PMNT", "CCRD", "POSD"),
    "atm": ("PMNT", "CCRD", "CWDL"),
    "transfer": ("PMNT", "ICDT", "DMCT"),
    "rent": ("PMNT", "ICDT", "STDO"),
    "interest": ("ACMT", "MCOP", "INTR"),
}


def transactions(world: World, persona: Persona, current: Holding) -> Iterator[Action]:
    """Everything booked on the current account within the window, oldest first; nothing ever overdraws it."""
    random = world.random(persona, "money")
    balance = current.balance
    for number, movement in enumerate(sorted(_movements(world, persona, random), key=lambda each: each.day), 1):
        amount = movement.amount or -round(max(balance, 0) * movement.share)
        if not amount or balance + amount < 0:
            continue
        balance += amount
        name = f"{persona.key}-t{number:05}"
        yield world.new(
            "transaction",
            name,
            {
                "account_id": world.id("acc", current.name),
                "credit_debit_indicator": "CRDT" if amount > 0 else "DBIT",
                "amount": cny(abs(amount)),
                "booking_date": movement.day.isoformat(),
                "occurred_at": instant(random, movement.day),
                **movement.fields,
            },
        )


def _movements(world: World, persona: Persona, random: Random) -> Iterator[Movement]:
    story = persona.story
    first = max(world.start, persona.since)
    last = before(world.today, max(1, story.activity_stops))
    income = round(random.uniform(4_500, 16_000)) * 100 * persona.scale
    # Who has left has moved the salary too.
    paid_until = before(world.today, story.outflow_days[0]) if story.name == "silent_leaver" else last
    payday, rent_day = random.randint(5, 15), random.randint(20, 28)
    if story.salary:
        for day in months(first, paid_until, payday):
            yield Movement(day, income, _fields("salary", "bank", external="in"))
        for day in months(first, paid_until, rent_day):
            yield Movement(day, -round(income * 0.22), _fields("rent", "standing_order", external="out"))
    for day in months(first, world.last, 21):
        if day.month % 3 == 0:
            yield Movement(day, random.randint(50, 900), _fields("interest", "bank"))
    yield from _payments(persona, random, first, last, income=income if story.salary else 40_000)
    yield from _outflow(world, persona, random)


def _payments(persona: Persona, random: Random, first: date, last: date, *, income: int) -> Iterator[Movement]:
    """What the customer does: three quarters of the income, spread over the payments of a month."""
    gap = persona.story.activity * (0.7 if persona.kind != "personal" else 1.0)
    typical = income * 0.74 * gap / 30.4
    for day in days(random, first, last, gap):
        how = random.choices(("card", "atm", "transfer"), (62, 18, 20))[0]
        amount = -round(typical * random.lognormvariate(-0.08, 0.4))
        if how == "card":
            yield Movement(day, amount, _fields(how, "customer", "mobile", purchase=True))
        elif how == "atm":
            yield Movement(day, amount, _fields(how, "customer", "atm"))
        else:
            yield Movement(day, amount, _fields(how, "customer", "online", external=random.choice(("out", "none"))))


def _outflow(world: World, persona: Persona, random: Random) -> Iterator[Movement]:
    """The savings go to another bank in four transfers."""
    if not persona.story.outflow:
        return
    since, until = persona.story.outflow_days
    kept = (1 - persona.story.outflow) ** 0.25
    for part in range(4):
        day = before(world.today, since - (since - until) * part // 3 - random.randint(0, 2))
        yield Movement(day, 0, _fields("transfer", "customer", "online", external="out"), 1 - kept)


def _fields(
    code: str, initiated_by: str, channel: str = "", external: str = "none", purchase: bool = False
) -> dict[str, Any]:
    domain, family, sub_family = CODES[code]
    fields: dict[str, Any] = {
        "initiated_by": initiated_by,
        "bank_transaction_code": {"domain": domain, "family": family, "sub_family": sub_family},
    }
    fields |= {"channel": channel} if channel else {}
    fields |= {"external": external} if external != "none" else {}
    return fields | ({"purchase": True} if purchase else {})
