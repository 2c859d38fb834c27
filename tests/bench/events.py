"""A bank's events as its logs would hold them: a few customers do most of what happens."""

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.complaint import contract as complaint
from services.customer import contract as customer
from services.interaction import contract as interaction
from shared.codec import Codec
from shared.envelope import Record, Reference, Sealed

CODEC = Codec([customer, interaction, complaint])
HEAD = "ins_" + "0" * 32
FIRST = date(2024, 1, 1)
DAYS = 600
ZIPF = 1.0


def customers(number: int) -> list[str]:
    """Their ids."""
    return [f"cus_{each:032x}" for each in range(number)]


def transactions(number: int, people: int) -> Iterator[Record]:
    """Postings only, of customers drawn by Zipf's law."""
    log = _Log("customer")
    for key, day in _draw(number, people):
        yield log.record(key, f"transaction-txn_{log.position + 1:032x}", _transaction(log.position + 1, key, day), day)


def everything(number: int, people: int) -> Iterator[Record]:
    """Registrations and accounts first, then postings, contacts, surveys and promises, about 82, 12, 4 and 2 in 100."""
    logs = _Log("customer"), _Log("interaction")
    for key in customers(people):
        yield logs[0].record(key, f"customer-{key}", _customer(key), FIRST)
        yield logs[0].record(key, f"account-{_account(key)}", _opened(key), FIRST)
    kinds = random.Random(2)
    for key, day in _draw(number - 2 * people, people):
        kind = kinds.random()
        log = logs[0] if kind < 0.82 else logs[1]
        name = f"{log.position + 1:032x}"
        if kind < 0.82:
            yield log.record(key, f"transaction-txn_{name}", _transaction(log.position + 1, key, day), day)
        elif kind < 0.94:
            yield log.record(key, f"interaction-int_{name}", _contact(f"int_{name}", key, kinds), day)
        elif kind < 0.98:
            answered = interaction.SurveyAnswered(f"sur_{name}", key, "csat", kinds.randint(1, 5), HEAD)
            yield log.record(key, f"survey-sur_{name}", answered, day)
        else:
            made = interaction.PromiseMade(f"prm_{name}", key, HEAD, "emp_1", day + timedelta(14))
            yield log.record(key, f"promise-prm_{name}", made, day)


class _Log:
    def __init__(self, name: str) -> None:
        self.name = name
        self.position = 0
        self._versions: dict[str, int] = {}

    def record(self, key: str, stream: str, data: Any, day: date) -> Record:
        self.position += 1
        at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
        event = CODEC.encode(key, data, at)
        return Record(
            self.name, self.position, stream, 1, key, event.type, event.schema, event.data, b"{}", at, datetime.now(UTC)
        )


def _draw(number: int, people: int) -> Iterator[tuple[str, date]]:
    keys = customers(people)
    drawn = random.Random(1)
    drawn.shuffle(keys)
    weights = list(itertools.accumulate(1 / rank**ZIPF for rank in range(1, people + 1)))
    for each in range(number):
        yield drawn.choices(keys, cum_weights=weights)[0], FIRST + timedelta(1 + each * DAYS // number)


def _account(key: str) -> str:
    return f"acc_{key.removeprefix('cus_')}"


def _customer(key: str) -> customer.CustomerRegistered:
    return customer.CustomerRegistered(key, "personal", HEAD, Sealed(key, "name", "b64:sealed"))


def _opened(key: str) -> customer.AccountOpened:
    return customer.AccountOpened(_account(key), key, "demand_deposit", "CNY", HEAD, FIRST, 100_000)


def _transaction(number: int, key: str, day: date) -> customer.TransactionPosted:
    return customer.TransactionPosted(
        transaction_id=f"txn_{number:032x}",
        account_id=_account(key),
        customer_id=key,
        institution_id=HEAD,
        reference=Reference("core", str(number)),
        credit_debit_indicator="CRDT" if number % 3 else "DBIT",
        amount_minor=100 + number % 9_700,
        currency="CNY",
        base_amount_minor=100 + number % 9_700,
        booking_date=day,
        value_date=day,
        initiated_by="customer" if number % 4 else "bank",
        channel="mobile",
    )


def _contact(name: str, key: str, drawn: random.Random) -> interaction.InteractionRecorded:
    channel = drawn.choice(("counter", "mobile", "call_centre", "visit"))
    direction = drawn.choice(("in", "out"))
    return interaction.InteractionRecorded(
        name, key, HEAD, channel, direction, "service", "reached", employee_id="emp_1", duration_seconds=300
    )
