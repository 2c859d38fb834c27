"""Who banks with the demo bank: the persona sheet, drawn from a seed."""

from datetime import date, timedelta
from random import Random

import msgspec

from services.cli.demo import names
from services.cli.demo.stories import BY_NAME, STORIES, Story

NAMED: tuple[tuple[str, str, str], ...] = (
    ("silent_leaver", "personal", "Lin Yuehua 林月华"),
    ("rescued_complainer", "personal", "Clara Whitfield"),
    ("unresolved_complainer", "personal", "Wu Haoran 吴浩然"),
    ("neglected_key_customer", "personal", "Zhao Guangming 赵光明"),
    ("close_key_customer", "personal", "Chen Meilin 陈美琳"),
    ("over_contacted", "personal", "Edmund Penhallow"),
    ("money_mover", "personal", "Tang Wenbo 唐文博"),
    ("dormant_long_tenure", "personal", "Harriet Ashdown"),
    ("newcomer", "personal", "Song Ruoxi 宋若溪"),
    ("promises_broken", "personal", "Tobias Merriweather"),
    ("low_rate_steady", "personal", "Han Shuhua 韩淑华"),
    ("close_key_customer", "enterprise", "Red Pine Textiles 红松纺织"),
    ("neglected_key_customer", "enterprise", "Stone Bridge Machinery 石桥机械"),
)
# The one that readers meet left just now, so that the fall of the last 30 days is on the screen.
TIMELY = {
    "silent_leaver": msgspec.structs.replace(
        BY_NAME["silent_leaver"], activity_stops=33, contact_stops=80, outflow_days=(62, 35), activity=3.0
    )
}
KINDS = (("personal", 78), ("enterprise", 15), ("public_body", 3), ("peer_institution", 2), ("group", 2))
SCALE = {"personal": 1, "enterprise": 25, "public_body": 20, "peer_institution": 60, "group": 80}


class Persona(msgspec.Struct, frozen=True):
    """One customer before anything has happened. `balance` in units of CNY; `manager` empty without a coverage."""

    number: int
    name: str
    kind: str
    story: Story
    branch: int
    since: date
    born: date | None
    phone: str
    balance: int
    manager: str
    named: bool

    @property
    def key(self) -> str:
        """The customer's name in references."""
        return f"customer-{self.number:04}"

    @property
    def scale(self) -> int:
        """How many times a personal customer's amounts this kind of customer moves."""
        return SCALE[self.kind]


def draw(seed: int, customers: int, branches: int, today: date) -> list[Persona]:
    """The sheet: first those with a name in NAMED, then the others by the stories' weights; no name comes twice."""
    sheet: list[Persona] = []
    taken: set[str] = set()
    for number in range(1, customers + 1):
        persona = _persona(seed, number, branches, today)
        name = persona.name if persona.name not in taken else f"{persona.name} {number}"
        taken.add(name)
        sheet.append(msgspec.structs.replace(persona, name=name))
    return sheet


def _persona(seed: int, number: int, branches: int, today: date) -> Persona:
    random = Random(f"{seed}/persona/{number}")
    named = number <= len(NAMED)
    if named:
        story_name, kind, name = NAMED[number - 1]
        story = TIMELY.get(story_name, BY_NAME[story_name])
    else:
        story = random.choices(STORIES, [story.weight for story in STORIES])[0]
        kind = random.choices([kind for kind, _ in KINDS], [weight for _, weight in KINDS])[0]
        name = names.person(random) if kind == "personal" else names.organisation(kind, random)
    # Phone numbers are looked up to find people twice registered, so two demo banks must not share them.
    exchange = Random(f"{seed}/{today.isoformat()}").randrange(10_000)
    since = today - timedelta(days=round(random.uniform(*story.tenure_years) * 365.25))
    low, high = story.balance
    born = date(random.randint(1948, 2001), random.randint(1, 12), random.randint(1, 28))
    return Persona(
        number=number,
        name=name,
        kind=kind,
        story=story,
        branch=random.randrange(branches),
        since=since,
        born=min(born, since - timedelta(days=18 * 366)) if kind == "personal" else None,
        phone=f"+86 139 {exchange:04} {number:04}",
        balance=round(low * (high / low) ** random.random()) * SCALE[kind],
        manager=f"E{random.randint(1, 4):02}{number % 10}" if story.covered else "",
        named=named,
    )
