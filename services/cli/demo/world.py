"""What every part of the generator shares: the seed, the window of time, the institutions, and how ids are named."""

from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec

from services.cli.actions import Action
from services.cli.demo.cast import Persona
from shared.identifiers import derived

CURRENCY = "CNY"
BRANCHES = (
    ("North Branch 北区分行", ("Drum Tower 鼓楼支行", "Willow Lane 柳巷支行", "Lakeside 湖滨支行")),
    ("South Branch 南区分行", ("Harbour Gate 港门支行", "Orchard Road 果园支行")),
    ("West Branch 西区分行", ("Old Market 老市支行", "Campus 学府支行", "Silk Street 丝绸支行")),
)


class World(msgspec.Struct, frozen=True):
    """`today` is the first day that has not happened yet; everything lies before it."""

    seed: int
    customers: int
    years: int
    today: date

    @property
    def system(self) -> str:
        """The source system of all references: another seed or another day makes another bank."""
        return f"demo-{self.seed}-{self.customers}-{self.years}-{self.today.isoformat()}"

    @property
    def start(self) -> date:
        """The first day of the story."""
        return self.today - timedelta(days=365 * self.years)

    @property
    def last(self) -> date:
        """The last day of the story: yesterday."""
        return self.today - timedelta(days=1)

    def random(self, persona: Persona, part: str) -> Random:
        """A source of chance of its own for every part of every customer, so that one never shifts another."""
        return Random(f"{self.seed}/{part}/{persona.number}")

    def reference(self, name: str) -> dict[str, str]:
        """The reference of a thing."""
        return {"system": self.system, "id": name}

    def id(self, prefix: str, name: str) -> str:
        """The id that the server derives from the reference."""
        return derived(prefix, self.system, name)

    def customer(self, persona: Persona) -> str:
        """The persona's customer id."""
        return self.id("cus", persona.key)

    def branch(self, persona: Persona) -> str:
        """The id of the persona's home sub-branch."""
        return self.id("ins", f"sub-branch-{persona.branch}")

    def new(self, kind: str, name: str, body: dict[str, Any]) -> Action:
        """An action that creates something under a reference."""
        return Action(kind, f"{self.system}:{name}", {"reference": self.reference(name), **body})

    def step(self, kind: str, name: str, target: str, body: dict[str, Any]) -> Action:
        """An action on something that exists; `name` tells it from the others on the same target."""
        return Action(kind, f"{self.system}:{name}", body, target)


def sub_branches() -> list[tuple[int, str]]:
    """(index of the branch, name) of every sub-branch."""
    return [(index, name) for index, (_, below) in enumerate(BRANCHES) for name in below]


def cny(amount: int) -> dict[str, str]:
    """Minor units as the API writes money."""
    return {"amount": f"{amount // 100}.{amount % 100:02}", "currency": CURRENCY}
