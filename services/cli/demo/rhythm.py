"""When things happen: days and times of day, drawn so that they look like people and repeat exactly."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

_OFFSET = "+08:00"


def days(random: Random, first: date, last: date, gap: float) -> Iterator[date]:
    """Days from `first` to `last`, `gap` apart on average, never two on one day where the gap is over 2 days."""
    if gap <= 0:
        return
    at = random.uniform(0, gap)
    while (day := first + timedelta(days=int(at))) <= last:
        yield day
        at += gap * random.uniform(0.45, 1.55)


def months(first: date, last: date, day: int) -> Iterator[date]:
    """The given day (1–28) of every month between the two dates."""
    year, month = first.year, first.month
    while (at := date(year, month, day)) <= last:
        if at >= first:
            yield at
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def instant(random: Random, day: date) -> str:
    """An RFC 3339 instant in opening hours of that day, in the demo bank's own offset."""
    return (
        f"{day.isoformat()}T{random.randint(9, 17):02}:{random.randint(0, 59):02}:{random.randint(0, 59):02}{_OFFSET}"
    )


def before(today: date, number: int) -> date:
    """That many days before today."""
    return today - timedelta(days=number)
