"""Identifiers and business time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import identifiers, times

SHANGHAI = ZoneInfo("Asia/Shanghai")
PRAGUE = ZoneInfo("Europe/Prague")


def test_new_ids_are_uuids_of_version_7_and_sort_by_time() -> None:
    made = [identifiers.uuid7() for _ in range(2000)]
    assert len(set(made)) == 2000
    assert {(each.version, each.variant) for each in made} == {(7, "specified in RFC 4122")}
    milliseconds = [each.int >> 80 for each in made]
    assert milliseconds == sorted(milliseconds)
    assert identifiers.new("cus").startswith("cus_")


@given(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), st.text(max_size=5))
def test_a_reference_names_one_thing(system: str, reference: str, other_system: str, other: str) -> None:
    one = identifiers.derived("cus", system, reference)
    assert one == identifiers.derived("cus", system, reference)
    assert one != identifiers.derived("acc", system, reference)
    same = (system, reference) == (other_system, other)
    assert (one == identifiers.derived("cus", other_system, other)) == same


def test_a_date_alone_is_midnight_here() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert times.instant(date(2026, 3, 1), SHANGHAI, now) == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert times.instant(None, SHANGHAI, now) == now
    assert times.instant(now.astimezone(SHANGHAI), SHANGHAI, now).tzinfo is UTC


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.sampled_from([SHANGHAI, PRAGUE]))
def test_days_follow_each_other_without_gaps(day: date, zone: ZoneInfo) -> None:
    assert times.end_of_day(day, zone) == times.start_of_day(day + timedelta(days=1), zone)
    assert times.local_day(times.start_of_day(day, zone), zone) == day
    assert times.local_day(times.end_of_day(day, zone) - timedelta(microseconds=1), zone) == day


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        ("2026-01-31T08:00:00+08:00", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31t00:00:00.5z", datetime(2026, 1, 31, 0, 0, 0, 500000, tzinfo=UTC)),
    ],
)
def test_read(text: str, parsed: date) -> None:
    assert times.parse(text) == parsed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "20260131",
        "2026-W05-1",
        "2026-02-30",
        "2026-01-31T08:00:00",
        "2026-01-31T08Z",
        "2026-01-31T25:00:00Z",
        "２０２６-01-31",
        "2026-01-31 ",
        "2026-01-31T080000Z",
        "today",
    ],
)
def test_not_a_date(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        times.parse(text)
