import random
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.calendar import date_of, day_of, local_day, week_of
from services.scoring.decay import growth, value

HALF_LIVES = (7, 62, 90, 180, 365)
DATED = st.lists(st.tuples(st.integers(0, 20_000), st.integers(-(10**12), 10**12)), max_size=40)


def test_one_unit_halves_every_half_life():
    total = 1_000 * growth(62, 10_000)
    assert value(total, 62, 10_000) == 1_000
    assert value(total, 62, 10_062) == pytest.approx(500, abs=1e-9)
    assert value(total, 62, 10_124) == pytest.approx(250, abs=1e-9)


def test_growth_at_the_epoch_is_the_table_rounded_half_up():
    assert growth(62, 0) == 2**32
    assert growth(62, -5) == growth(62, 0)
    assert growth(62, 64 * 62) == 2**96


@pytest.mark.parametrize("half_life", HALF_LIVES)
def test_growth_is_rounded_half_up(half_life: int):
    with localcontext() as context:
        context.prec = 90
        for day in range(2 * half_life):
            exact = Decimal(2) ** (Decimal(day) / half_life) * 2**32
            assert growth(half_life, day) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@pytest.mark.parametrize("half_life", HALF_LIVES)
@given(dated=DATED)
def test_a_reading_equals_the_direct_sum(half_life: int, dated: list[tuple[int, int]]):
    today = 20_100
    total = sum(weight * growth(half_life, day) for day, weight in dated)
    direct = sum(weight * 2.0 ** (-(today - day) / half_life) for day, weight in dated)
    size = sum(abs(weight) for _, weight in dated)
    assert value(total, half_life, today) == pytest.approx(direct, rel=1e-9, abs=1e-9 * max(1, size))


@given(dated=DATED, seed=st.integers(0, 1_000))
def test_any_order_gives_the_same_integer(dated: list[tuple[int, int]], seed: int):
    shuffled = dated[:]
    random.Random(seed).shuffle(shuffled)
    first = sum(weight * growth(62, day) for day, weight in dated)
    assert sum(weight * growth(62, day) for day, weight in shuffled) == first


def test_a_retracted_weight_leaves_nothing():
    total = sum(sign * 12_345 * growth(365, day) for day in (1, 500, 12_000) for sign in (1, -1))
    assert value(total, 365, 13_000) == 0


def test_days_are_local_and_weeks_begin_on_monday():
    shanghai = ZoneInfo("Asia/Shanghai")
    assert day_of(date(1990, 1, 1)) == 0
    assert day_of(date(1985, 6, 1)) == 0
    assert local_day(datetime(2026, 3, 1, 16, 0, tzinfo=UTC), shanghai) == day_of(date(2026, 3, 2))
    assert local_day(datetime(2026, 3, 1, 15, 59, tzinfo=UTC), shanghai) == day_of(date(2026, 3, 1))
    assert week_of(day_of(date(2026, 11, 22))) + 1 == week_of(day_of(date(2026, 11, 23)))
    assert date_of(day_of(date(2026, 11, 22))) == date(2026, 11, 22)
