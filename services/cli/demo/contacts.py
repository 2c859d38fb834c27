"""The contacts of a persona: conversations, visits, messages, greetings, and events they were invited to."""

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

from services.cli.actions import Action
from services.cli.demo.cast import Persona
from services.cli.demo.rhythm import before, days, instant
from services.cli.demo.world import World

TALKS = ("counter", "call_centre", "phone_bank", "counter")
TOPICS = (
    "card limit",
    "term deposit rates",
    "statement",
    "travel abroad",
    "loan terms",
    "savings plan",
    "new phone number",
)
NOTES = (
    "Asked about rates for a year; wants to think about it.",
    "Moving house in spring, new address to follow.",
    "Daughter starts university, interested in a student card.",
    "Prefers to be called after five.",
    "Compares our fees with another bank's.",
)


def interactions(world: World, persona: Persona) -> Iterator[Action]:
    """Everything that was said or sent within the window, in no particular order."""
    random = world.random(persona, "contacts")
    story = persona.story
    first = max(world.start, persona.since)
    last = before(world.today, max(1, story.contact_stops))
    number = 0
    for day in days(random, first, last, story.contact):
        number += 1
        yield _record(world, persona, random, number, day=day, fields=_talk(persona, random))
    for day in days(random, first, last, story.visit):
        number += 1
        visit = {"channel": "visit", "direction": "out", "purpose": "retention", "outcome": "reached"}
        yield _record(world, persona, random, number, day=day, fields=visit)
    for day in days(random, first, last, story.care):
        number += 1
        care = {"channel": "call_centre", "direction": "out", "purpose": "emotional_care", "outcome": "reached"}
        yield _record(world, persona, random, number, day=day, fields=care)
    for day in days(random, first, last, story.learning):
        number += 1
        salon = {"channel": "event", "direction": "out", "purpose": "cultivation", "outcome": "reached"}
        yield _record(world, persona, random, number, day=day, fields=salon)
    for day in days(random, first, before(world.today, _quiet(persona)), story.messages):
        number += 1
        yield _record(world, persona, random, number, day=day, fields=_message(random))


def _quiet(persona: Persona) -> int:
    """Mass messages go on after the conversations have ended, but a neglected customer is forgotten by all."""
    return persona.story.contact_stops if persona.story.covered and persona.story.contact_stops else 1


def _talk(persona: Persona, random: Random) -> dict[str, Any]:
    inward = random.random() < 0.6
    fields: dict[str, Any] = {
        "channel": random.choice(TALKS),
        "direction": "in" if inward else "out",
        "purpose": "service" if inward else random.choice(("sales", "retention", "service")),
        "outcome": random.choice(("resolved", "resolved", "follow_up")) if inward else "reached",
        "topic": random.choice(TOPICS),
    }
    if random.random() < 0.2:
        fields |= {"emotion": random.choice(("pleased", "calm", "calm", "anxious"))}
    if persona.kind != "personal":
        fields |= {"counterpart": f"{persona.key}-party-{random.randint(1, 3)}"}
    return fields


def _message(random: Random) -> dict[str, Any]:
    """Nine in ten go one way; now and then it is a call that nobody answers."""
    if random.random() < 0.1:
        return {"channel": "call_centre", "direction": "out", "purpose": "sales", "outcome": "not_reached"}
    return {
        "channel": random.choice(("sms", "email", "mobile")),
        "direction": "out",
        "purpose": "sales",
        "outcome": "reached",
        "message": True,
    }


def _record(
    world: World, persona: Persona, random: Random, number: int, *, day: date, fields: dict[str, Any]
) -> Action:
    body: dict[str, Any] = {
        "customer_id": world.customer(persona),
        "institution_id": world.branch(persona),
        "occurred_at": instant(random, day),
        **fields,
    }
    if not fields.get("message"):
        body["employee_id"] = persona.manager or f"E{persona.branch + 1:02}{random.randint(1, 4)}"
        if random.random() < 0.15:
            body["notes"] = random.choice(NOTES)
    return world.new("interaction", f"{persona.key}-i{number:04}", body)
