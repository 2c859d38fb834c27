"""Customers with a planted story, told as the events that the services would publish. A seed gives the same story."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from services.customer import contract as customer
from support.events import History

TODAY = date(2026, 6, 30)
YEARS = 3
MINOR = 100


class Storyteller:
    """Day by day: money, contacts, ratings and promises of one customer, up to `TODAY`."""

    def __init__(self, seed: int, *, years: float = YEARS, kind: str = "personal", tier: str = "ordinary") -> None:
        self.random = Random(seed)
        self.history = History()
        self.first = TODAY - timedelta(days=round(years * 365.25))
        self.days = (TODAY - self.first).days
        self.history.register(self.first, kind)
        tiered = customer.TierChanged(self.history.key, tier, "default", "1")  # type: ignore[arg-type]
        self.history.add(tiered, self.first, f"customer-{self.history.key}")

    def day(self, number: int) -> date:
        """A day counted from the first; negative numbers count back from today."""
        return self.first + timedelta(days=number) if number >= 0 else TODAY + timedelta(days=number)

    def hold(self, *products: str, balance: int = 20_000) -> list[str]:
        """Accounts held from the first day, each with an opening balance in whole units."""
        return [self.history.open(self.first, product, balance * MINOR) for product in products]

    def bank(self, account: str, per_month: float, until: int | None = None, since: int = 0) -> None:
        """Active days at random, money in and out in balance."""
        for number in range(since, self.days + 1 if until is None else until):
            if self.random.random() < per_month / 30.4:
                amount = self.random.randint(50, 1_500) * MINOR
                self.history.post(self.day(number), account, self.random.choice([-1, 1]) * amount)

    def meet(self, every: int, until: int | None = None, channel: str = "counter", since: int = 0) -> None:
        """A conversation about every so many days."""
        number = since + self.random.randint(0, every)
        while number <= (self.days if until is None else until):
            self.history.contact(self.day(number), channel)
            number += max(1, round(every * self.random.uniform(0.7, 1.3)))

    def write(self, every: int, channel: str = "sms") -> None:
        """A message out, unanswered, every so many days."""
        for number in range(0, self.days + 1, every):
            self.history.contact(self.day(number), channel, direction="out", employee_id=None)

    def rate(self, every: int, mean: float, until: int | None = None) -> None:
        """A survey about every so many days, one to five stars."""
        number = self.random.randint(0, every)
        while number <= (self.days if until is None else until):
            stars = min(5, max(1, round(self.random.gauss(mean, 0.7))))
            self.history.survey(self.day(number), stars)
            number += every

    def keep(self, every: int, until: int | None = None) -> None:
        """A promise kept about every so many days."""
        for number in range(every, self.days - 9 if until is None else until, every):
            self.history.promise(self.day(number), self.day(number + 7), self.day(number + 5))


def ordinary(seed: int) -> Storyteller:
    """A customer like most: savings, four active days a month, a conversation a quarter, a few messages."""
    story = Storyteller(seed)
    account, *_ = story.hold("demand_deposit", "term_deposit", balance=20_000)
    story.bank(account, story.random.uniform(3, 6))
    story.meet(90)
    story.write(60)
    story.rate(200, 3.9)
    story.keep(200)
    return story


def close_key(seed: int) -> Storyteller:
    """A key customer in good hands."""
    story = _key(seed)
    story.meet(20)
    story.meet(90, channel="visit")
    return story


def neglected_key(seed: int) -> Storyteller:
    """The same, but nobody has been in touch for half a year."""
    story = _key(seed)
    story.meet(20, until=story.days - 180)
    story.meet(90, until=story.days - 180, channel="visit")
    return story


def _key(seed: int) -> Storyteller:
    story = Storyteller(seed, years=6, tier="key")
    account, *_ = story.hold("demand_deposit", "fund", "term_deposit", "insurance", balance=200_000)
    story.bank(account, 8)
    story.rate(90, 4.5)
    story.keep(60)
    story.history.referral(story.day(-400), story.day(-300))
    return story


def rescued_complainer(seed: int) -> Storyteller:
    """A major complaint a year ago, put right within five days."""
    story = ordinary(seed)
    story.history.resolve(story.day(-357), story.history.complain(story.day(-360)))
    return story


def unresolved_complainer(seed: int) -> Storyteller:
    """A major complaint, open for two months."""
    story = ordinary(seed)
    story.history.complain(story.day(-60))
    return story


def promise_broken(seed: int) -> Storyteller:
    """Three promises broken within nine months."""
    story = ordinary(seed)
    for number in (-270, -150, -30):
        story.history.promise(story.day(number - 7), story.day(number), broken=story.day(number))
    return story


def low_rate_steady(seed: int) -> Storyteller:
    """One or two active days a month, but without fail."""
    story = Storyteller(seed)
    account, *_ = story.hold("demand_deposit", "term_deposit", balance=20_000)
    story.bank(account, 1.5)
    story.meet(90)
    story.write(60)
    story.rate(200, 3.9)
    story.keep(200)
    return story


def money_moved_out(seed: int) -> Storyteller:
    """Still here and still active, but three quarters of the savings have gone to another bank."""
    story = ordinary(seed)
    account = story.history.envelopes[2].data.account_id
    for number in range(-240, -120, 12):
        story.history.post(story.day(number), account, -3_000 * MINOR, external="out")
    return story


def over_contacted(seed: int) -> Storyteller:
    """An ordinary customer who gets a message every four days."""
    story = ordinary(seed)
    story.write(4)
    return story


def new(seed: int) -> Storyteller:
    """Two months with the bank."""
    story = Storyteller(seed, years=60 / 365.25)
    account, *_ = story.hold("demand_deposit", "term_deposit", balance=20_000)
    story.bank(account, 6)
    story.meet(35)
    return story


def dormant(seed: int) -> Storyteller:
    """Eighteen years a customer; two years without a sign of life, with a little money left."""
    story = Storyteller(seed, years=18)
    account, *_ = story.hold("demand_deposit", balance=3_000)
    story.bank(account, 3, until=story.days - 730, since=story.days - 1_800)
    return story


def silent_leaver(seed: int) -> Storyteller:
    """An ordinary customer until half a year ago; then the money went, and not a word."""
    return leaving(seed, 180)


def leaving(seed: int, days: int) -> Storyteller:
    """A silent leaver, so many days after the last sign of life: a poor rating, and the money gone."""
    story = Storyteller(seed)
    account, *_ = story.hold("demand_deposit", balance=20_000)
    gone = story.days - days
    story.bank(account, story.random.uniform(3, 6), until=gone)
    story.meet(60, until=gone)
    story.write(60)
    story.rate(200, 3.9, until=gone)
    story.history.survey(story.day(gone), 2)
    story.history.post(story.day(gone), account, -19_000 * MINOR, external="out")
    return story


STORIES: dict[str, Callable[[int], Storyteller]] = {
    "close_key": close_key,
    "neglected_key": neglected_key,
    "rescued_complainer": rescued_complainer,
    "ordinary": ordinary,
    "low_rate_steady": low_rate_steady,
    "money_moved_out": money_moved_out,
    "promise_broken": promise_broken,
    "over_contacted": over_contacted,
    "new": new,
    "unresolved_complainer": unresolved_complainer,
    "dormant": dormant,
    "silent_leaver": silent_leaver,
}
