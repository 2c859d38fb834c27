"""Days as the whole product counts them: local dates as integers, Monday 1990-01-01 = 0, earlier days = 0."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

EPOCH = date(1990, 1, 1).toordinal()
DAYS_IN_WEEK = 7


def day_of(on: date) -> int:
    """The day number of a local date."""
    return max(0, on.toordinal() - EPOCH)


@lru_cache(8192)
def local_day(at: datetime, zone: tzinfo) -> int:
    """The day number of an aware instant in the installation's time zone."""
    return max(0, at.astimezone(zone).toordinal() - EPOCH)


def date_of(day: int) -> date:
    """The local date of a day number."""
    return date.fromordinal(EPOCH + day)


def last_instant(day: int, zone: tzinfo) -> datetime:
    """The end of a local day: the last microsecond before the next one begins."""
    midnight = datetime.combine(date_of(day + 1), time(), zone).astimezone(UTC)
    return midnight - timedelta(microseconds=1)


def week_of(day: int) -> int:
    """The calendar week of a day number; weeks begin on Monday."""
    return day // DAYS_IN_WEEK
