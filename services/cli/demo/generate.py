"""The whole demo bank as stages of actions. Pure: the same world gives the same bytes."""

from collections.abc import Iterator

from services.cli.actions import Action, BulkStage, ChainStage, Stage, singles
from services.cli.demo import care, complaints, contacts, holdings, money
from services.cli.demo.cast import Persona, draw
from services.cli.demo.rhythm import before
from services.cli.demo.world import BRANCHES, World, sub_branches

FOUNDED = 30 * 365
TIERS = (("gold", 6_000_000), ("key", 500_000), ("quasi_key", 200_000), ("ordinary", 10_000), ("marginal", 0))


def personas(world: World) -> list[Persona]:
    """The persona sheet of this world."""
    return draw(world.seed, world.customers, len(sub_branches()), world.today)


def stages(world: World) -> list[Stage]:
    """Everything to load, in the order in which the API can take it."""
    sheet = personas(world)
    held = {persona.number: holdings.holdings(world, persona) for persona in sheet}
    return [
        ChainStage("institutions", [_institutions(world)]),
        _bulk("customers", "customer", [_customer(world, persona) for persona in sheet]),
        singles("relationship managers", [_coverage(world, persona) for persona in sheet if persona.manager]),
        singles("tiers", [_tier(world, persona) for persona in sheet]),
        _bulk("accounts", "account", [a for p in sheet for a in holdings.actions(world, p, held[p.number])]),
        _bulk(
            "transactions", "transaction", [a for p in sheet for a in money.transactions(world, p, held[p.number][0])]
        ),
        _bulk("contacts", "interaction", [a for p in sheet for a in contacts.interactions(world, p)]),
        _bulk("ratings", "rating", [a for p in sheet for a in care.ratings(world, p)]),
        ChainStage("promises", [chain for p in sheet for chain in care.promises(world, p)]),
        ChainStage("complaints", [chain for p in sheet for chain in complaints.complaints(world, p)]),
        singles("praise", [a for p in sheet for a in complaints.praise(world, p)]),
    ]


def actions(world: World) -> Iterator[Action]:
    """All actions of all stages, in order."""
    for stage in stages(world):
        if isinstance(stage, BulkStage):
            yield from (action for action in stage.actions if isinstance(action, Action))
        else:
            yield from (action for chain in stage.chains for action in chain)


def _bulk(title: str, kind: str, found: list[Action]) -> BulkStage:
    return BulkStage(title, kind, found, len(found))


def _institutions(world: World) -> list[Action]:
    opened = {"occurred_at": before(world.today, FOUNDED).isoformat()}
    found = [
        world.new("institution", "head-office", {"name": "Harmony Bank 和睦银行", "level": "head_office", **opened})
    ]
    for index, (name, _) in enumerate(BRANCHES):
        body = {"name": name, "level": "branch", "parent_id": world.id("ins", "head-office"), **opened}
        found.append(world.new("institution", f"branch-{index}", body))
    for number, (index, name) in enumerate(sub_branches()):
        body = {"name": name, "level": "sub_branch", "parent_id": world.id("ins", f"branch-{index}"), **opened}
        found.append(world.new("institution", f"sub-branch-{number}", body))
    return found


def _customer(world: World, persona: Persona) -> Action:
    body = {
        "kind": persona.kind,
        "institution_id": world.branch(persona),
        "name": persona.name,
        "contact": {"phone": persona.phone},
        "occurred_at": persona.since.isoformat(),
    }
    if persona.born:
        body["birth_date"] = persona.born.isoformat()
    return world.new("customer", persona.key, body)


def _tier(world: World, persona: Persona) -> Action:
    """By what the persona holds; the bank's own rules may change it later."""
    units = persona.balance // persona.scale
    tier = next(name for name, least in TIERS if units >= least)
    body = {"tier": tier, "inputs": {"balance": persona.balance}, "occurred_at": _known(world, persona)}
    return world.step("tier", persona.key, world.customer(persona), body)


def _known(world: World, persona: Persona) -> str:
    """The first day of the window on which the persona is a customer."""
    return max(persona.since, world.start).isoformat()


def _coverage(world: World, persona: Persona) -> Action:
    body = {
        "role": "relationship_manager",
        "employee_id": persona.manager,
        "occurred_at": _known(world, persona),
    }
    return world.step("coverage", persona.key, world.customer(persona), body)
