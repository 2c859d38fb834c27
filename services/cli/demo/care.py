"""What the bank promised a persona, and what the persona thinks of its service."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from services.cli.actions import Action
from services.cli.demo.cast import Persona
from services.cli.demo.rhythm import before, days, instant
from services.cli.demo.world import World

ELEMENTS = ("reliability", "responsiveness", "assurance", "empathy", "tangibles")
SUBJECTS = ("call back about the loan offer", "send the signed contract", "correct the address", "look into the fee")


def promises(world: World, persona: Persona) -> list[list[Action]]:
    """One chain per promise: made, and kept where it was; the clock breaks the others. Key customers have one open."""
    random = world.random(persona, "promises")
    story = persona.story
    span = min(540, (world.today - persona.since).days - 20, 365 * world.years - 20)
    if span < 60:
        return []
    chains = [_promise(world, persona, random, n, random.randint(20, span), kept=True) for n in range(story.kept)]
    chains += [
        _promise(world, persona, random, story.kept + index, 30 + 80 * index, kept=False)
        for index in range(story.broken)
    ]
    if story.covered and not story.contact_stops:
        chains.append([_made(world, persona, random, "open", made=world.last, due=world.today + timedelta(days=5))])
    return chains


def ratings(world: World, persona: Persona) -> Iterator[Action]:
    """Button presses at the counter and answers to surveys, around the story's stars."""
    random = world.random(persona, "ratings")
    story = persona.story
    last = before(world.today, max(1, story.contact_stops, story.activity_stops))
    for number, day in enumerate(days(random, max(world.start, persona.since), last, story.rating), 1):
        stars = min(5, max(1, round(random.gauss(story.stars, 0.6))))
        survey = random.random() < 0.4
        body = {
            "customer_id": world.customer(persona),
            "institution_id": world.branch(persona),
            "element": random.choice(ELEMENTS) if survey else "overall",
            "value": stars,
            "scale_min": 1,
            "scale_max": 5,
            "source": "survey" if survey else "device",
            "occurred_at": instant(random, day),
        }
        yield world.new("rating", f"{persona.key}-r{number:03}", body)


def _promise(world: World, persona: Persona, random: Random, number: int, ago: int, *, kept: bool) -> list[Action]:
    made = before(world.today, ago)
    due = made + timedelta(days=random.randint(3, 10))
    name = str(number)
    chain = [_made(world, persona, random, name, made=made, due=due)]
    if kept:
        done = instant(random, made + timedelta(days=random.randint(1, (due - made).days)))
        promise = f"{persona.key}-p{name}"
        chain.append(world.step("promise_kept", promise, world.id("prm", promise), {"occurred_at": done}))
    return chain


def _made(world: World, persona: Persona, random: Random, name: str, *, made: date, due: date) -> Action:
    body = {
        "customer_id": world.customer(persona),
        "institution_id": world.branch(persona),
        "owner_id": persona.manager or f"E{persona.branch + 1:02}1",
        "due": due.isoformat(),
        "subject": random.choice(SUBJECTS),
        "occurred_at": f"{made.isoformat()}T09:00:00+08:00",
    }
    return world.new("promise", f"{persona.key}-p{name}", body)
