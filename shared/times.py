"""Business time: aware UTC instants, and days that belong to the installation's time zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EARLIEST = date(1900, 1, 1)
"""Nothing that a bank still keeps began before this day; earlier dates are typing mistakes."""


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """00:00 of a local day, as an aware UTC instant."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local day is over."""
    return start_of_day(day + timedelta(days=1), zone)


def last_moment(day: date, zone: ZoneInfo) -> datetime:
    """The last microsecond of a local day, which still falls on it."""
    return end_of_day(day, zone) - timedelta(microseconds=1)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The business day that an instant falls on."""
    return instant.astimezone(zone).date()


def instant(value: datetime | date | None, zone: ZoneInfo, now: datetime) -> datetime:
    """When something happened: as given, 00:00 local for a date alone, `now` when nothing is given. Aware UTC."""
    if value is None:
        return now
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return start_of_day(value, zone)


def parse(text: str) -> datetime | date:
    """An RFC 3339 instant with its offset, or a date `YYYY-MM-DD`. Raises ValueError for everything else."""
    if len(text) == 10:
        return date.fromisoformat(_dashed(text))
    value = datetime.fromisoformat(_dashed(text))
    if value.tzinfo is None:
        raise ValueError("an instant needs its offset from UTC")
    return value.astimezone(UTC)


def _dashed(text: str) -> str:
    """ISO 8601 allows more spellings (weeks, no dashes) than RFC 3339, and Python reads them all."""
    if not (len(text) >= 10 and text[4] == text[7] == "-" and text[:4].isdigit() and text.isascii()):
        raise ValueError("not a date")
    if len(text) > 10 and not (text[10] in "Tt " and len(text) >= 20 and text[13] == text[16] == ":"):
        raise ValueError("not an instant")
    return text.upper()
