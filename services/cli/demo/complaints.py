"""Complaints with their steps, and praise."""

from datetime import date, timedelta
from random import Random
from typing import Any

from services.cli.actions import Action
from services.cli.demo.cast import Persona
from services.cli.demo.rhythm import before
from services.cli.demo.world import World, cny

STORY_DAYS = 48
MINOR_SHARE = 0.10


def complaints(world: World, persona: Persona) -> list[list[Action]]:
    """One chain per complaint: the story's own, or now and then a small one that was settled long ago."""
    random = world.random(persona, "complaints")
    if persona.story.complaint:
        received = before(world.today, STORY_DAYS + random.randint(-4, 4))
        chain = _major(world, persona, received)
        return [chain + _rescue(world, persona, received)] if persona.story.complaint == "rescued" else [chain]
    # Who leaves in silence never complained; that is the story.
    quiet = persona.story.name in ("silent_leaver", "dormant_long_tenure", "newcomer") or persona.story.covered
    if quiet or random.random() > MINOR_SHARE or (world.today - persona.since).days < 400:
        return []
    return [_minor(world, persona, random)]


def praise(world: World, persona: Persona) -> list[Action]:
    """Kind words, on record."""
    random = world.random(persona, "praise")
    found = []
    for number in range(persona.story.praise):
        day = before(world.today, random.randint(20, 300))
        body = {
            "customer_id": world.customer(persona),
            "institution_id": world.branch(persona),
            "employee_id": persona.manager or None,
            "occurred_at": _at(day, 11),
        }
        given = {name: value for name, value in body.items() if value is not None}
        found.append(world.new("praise", f"{persona.key}-pr{number}", given))
    return found


def _major(world: World, persona: Persona, received: date) -> list[Action]:
    body = {
        "channel": "call_centre",
        "product": "card",
        "issue": "payment charged twice",
        "severity": "major",
        "loss": cny(186_000),
        "narrative": "The card was charged twice for one purchase, and nobody called back.",
    }
    return [_received(world, persona, "c1", received, body)]


def _rescue(world: World, persona: Persona, received: date) -> list[Action]:
    """Put right within two days, and closed with its cause."""
    steps: list[tuple[str, int, int, dict[str, Any]]] = [
        ("complaint_acknowledged", 0, 15, {}),
        ("complaint_assessed", 1, 9, {"severity": "major", "complexity": "simple", "impact": "one customer"}),
        ("complaint_assigned", 1, 10, {"handler_id": "E091", "department": "cards"}),
        ("complaint_noted", 1, 11, {"note": "The shop sent the payment twice; seen in the terminal's log."}),
        ("complaint_decided", 2, 10, {"decision": "upheld", "remedy": "refund and the fee of a year"}),
        ("complaint_communicated", 2, 11, {}),
        ("complaint_confirmed", 4, 10, {"answer": "satisfied"}),
        ("complaint_closed", 5, 10, {"root_cause": "process", "action_taken": "doubles are now held before booking"}),
    ]
    return _steps(world, persona, "c1", received, steps)


def _minor(world: World, persona: Persona, random: Random) -> list[Action]:
    received = before(world.today, random.randint(90, 380))
    body = {"channel": "counter", "product": "demand_deposit", "issue": "long wait at the counter", "severity": "minor"}
    settled = random.randint(1, 9)
    steps: list[tuple[str, int, int, dict[str, Any]]] = [
        ("complaint_assessed", 0, 14, {"severity": "minor", "complexity": "simple"}),
        ("complaint_decided", settled, 10, {"decision": "upheld", "remedy": "apology"}),
        ("complaint_communicated", settled, 11, {}),
        ("complaint_confirmed", settled + 2, 10, {"answer": "satisfied"}),
        ("complaint_closed", settled + 3, 10, {"root_cause": "process", "action_taken": "a second counter at noon"}),
    ]
    return [_received(world, persona, "c1", received, body), *_steps(world, persona, "c1", received, steps)]


def _received(world: World, persona: Persona, name: str, day: date, fields: dict[str, Any]) -> Action:
    body = {"customer_id": world.customer(persona), "institution_id": world.branch(persona), **fields}
    return world.new("complaint", f"{persona.key}-{name}", body | {"occurred_at": _at(day, 10)})


def _steps(
    world: World, persona: Persona, name: str, received: date, steps: list[tuple[str, int, int, dict[str, Any]]]
) -> list[Action]:
    complaint = f"{persona.key}-{name}"
    target = world.id("cmp", complaint)
    return [
        world.step(kind, complaint, target, body | {"occurred_at": _at(received + timedelta(days=after), hour)})
        for kind, after, hour, body in steps
    ]


def _at(day: date, hour: int) -> str:
    return f"{day.isoformat()}T{hour:02}:00:00+08:00"
