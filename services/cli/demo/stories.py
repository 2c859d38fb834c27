"""The stories of the demo bank: how each kind of customer behaves, and when that ends or turns.

Gaps are mean days between events (0 = never); `…_stops` is how many days before today it ends (0 = it goes on).
Balances are in units of CNY for a personal customer.
"""

from typing import Literal

import msgspec


class Story(msgspec.Struct, frozen=True):
    """One way to be a customer. `weight` is its share among customers without a name of their own."""

    name: str
    tells: str
    weight: int
    tenure_years: tuple[float, float] = (1.5, 9.0)
    balance: tuple[int, int] = (4_000, 90_000)
    products: tuple[int, int] = (0, 2)
    activity: float = 7.0
    activity_stops: int = 0
    contact: float = 75.0
    contact_stops: int = 0
    visit: float = 0.0
    care: float = 0.0
    messages: float = 75.0
    learning: float = 0.0
    rating: float = 140.0
    stars: float = 4.0
    kept: int = 1
    broken: int = 0
    praise: int = 0
    complaint: Literal["", "rescued", "unresolved"] = ""
    outflow: float = 0.0
    outflow_days: tuple[int, int] = (60, 20)
    covered: bool = False
    salary: bool = True


ORDINARY = Story("ordinary", "uses the bank, is greeted now and then", 58)
_KEY = Story(
    "close_key_customer",
    "the relationship manager visits, keeps promises and remembers",
    4,
    tenure_years=(6.0, 15.0),
    balance=(600_000, 12_000_000),
    products=(3, 5),
    activity=4.0,
    contact=20.0,
    visit=45.0,
    care=70.0,
    learning=150.0,
    rating=80.0,
    stars=4.7,
    kept=5,
    praise=1,
    covered=True,
)
STORIES: tuple[Story, ...] = (
    _KEY,
    msgspec.structs.replace(
        _KEY,
        name="neglected_key_customer",
        tells="worth as much as the close one, and nobody has spoken to them for months",
        weight=3,
        contact_stops=215,
        rating=110.0,
        stars=4.3,
        kept=3,
        praise=0,
    ),
    Story(
        "silent_leaver",
        "never complained: the money went first, then every sign of life",
        4,
        tenure_years=(3.0, 8.0),
        products=(0, 2),
        activity=5.0,
        activity_stops=100,
        contact_stops=160,
        outflow=0.93,
        outflow_days=(140, 103),
        rating=120.0,
        stars=3.4,
    ),
    Story(
        "rescued_complainer",
        "a serious complaint, answered and put right within days",
        3,
        contact=60.0,
        complaint="rescued",
    ),
    Story(
        "unresolved_complainer",
        "the same complaint, still without an answer",
        3,
        contact=75.0,
        complaint="unresolved",
    ),
    Story(
        "over_contacted",
        "a message from the bank every week, none of them answered",
        3,
        contact=95.0,
        messages=8.0,
    ),
    Story(
        "money_mover",
        "still pays by card every week, but the savings now sit at another bank",
        3,
        balance=(60_000, 220_000),
        outflow=0.92,
        outflow_days=(110, 30),
    ),
    Story(
        "dormant_long_tenure",
        "an old account that nobody has used for more than a year",
        4,
        tenure_years=(14.0, 21.0),
        balance=(4_000, 30_000),
        products=(1, 1),
        activity=25.0,
        activity_stops=430,
        contact=150.0,
        contact_stops=420,
        messages=0.0,
        rating=0.0,
        kept=0,
        salary=False,
    ),
    Story(
        "newcomer",
        "opened an account weeks ago and is finding the way",
        5,
        tenure_years=(0.06, 0.16),
        products=(0, 0),
        activity=5.0,
        contact=13.0,
        messages=25.0,
        rating=30.0,
        kept=0,
        balance=(8_000, 90_000),
    ),
    Story("promises_broken", "promised a call back three times, called back never", 2, kept=0, broken=3, contact=60.0),
    Story("low_rate_steady", "comes seldom, and has for years", 8, activity=19.0, contact=100.0),
    ORDINARY,
)
BY_NAME = {story.name: story for story in STORIES}
