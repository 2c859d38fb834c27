"""Money: exact or refused."""

from contextlib import suppress
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import LIMIT, MINOR_UNITS, MoneyError, convert, format_amount, minor_units, parse_amount, rate

CURRENCIES = st.sampled_from(sorted(MINOR_UNITS))
AMOUNTS = st.integers(-LIMIT + 1, LIMIT - 1)
DAY = date(2026, 1, 1)


@given(AMOUNTS, CURRENCIES)
def test_what_is_written_is_read_again(minor: int, currency: str) -> None:
    assert parse_amount(format_amount(minor, currency), currency) == minor


@given(AMOUNTS, CURRENCIES)
def test_an_amount_equals_its_decimal(minor: int, currency: str) -> None:
    text = format_amount(minor, currency)
    assert Decimal(text).scaleb(minor_units(currency)) == minor


@given(st.text(max_size=30), CURRENCIES)
def test_any_text_is_read_exactly_or_refused(text: str, currency: str) -> None:
    with suppress(MoneyError):
        minor = parse_amount(text, currency)
        assert Decimal(text).scaleb(minor_units(currency)) == minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.50", "CNY", 1250),
        ("12.5", "CNY", 1250),
        ("12", "CNY", 1200),
        ("12.500", "CNY", 1250),
        ("-0.01", "CNY", -1),
        ("0", "JPY", 0),
        ("5.0", "JPY", 5),
        ("1.234", "KWD", 1234),
    ],
)
def test_examples(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "code"),
    [
        ("12.505", "CNY", "too_precise"),
        ("5.5", "JPY", "too_precise"),
        ("", "CNY", "invalid_amount"),
        ("1,00", "CNY", "invalid_amount"),
        ("01", "CNY", "invalid_amount"),
        (".5", "CNY", "invalid_amount"),
        ("1.", "CNY", "invalid_amount"),
        ("+1", "CNY", "invalid_amount"),
        ("1e3", "CNY", "invalid_amount"),
        (" 1", "CNY", "invalid_amount"),
        ("１", "CNY", "invalid_amount"),
        ("NaN", "CNY", "invalid_amount"),
        ("9" * 41, "CNY", "invalid_amount"),
        ("9" * 14, "CNY", "amount_too_large"),
        ("1", "XAU", "unknown_currency"),
        ("1", "cny", "unknown_currency"),
    ],
)
def test_refused(text: str, currency: str, code: str) -> None:
    with pytest.raises(MoneyError) as refusal:
        parse_amount(text, currency)
    assert refusal.value.code == code


RATES = {"USD": {date(2020, 1, 1): Decimal("7.00"), date(2025, 1, 1): Decimal("7.25")}, "JPY": {DAY: Decimal("0.05")}}


def test_the_rate_of_the_day_is_the_latest_before_it() -> None:
    assert rate("USD", date(2024, 12, 31), RATES) == Decimal("7.00")
    assert rate("USD", date(2025, 1, 1), RATES) == Decimal("7.25")
    for currency, day in (("USD", date(2019, 12, 31)), ("EUR", DAY)):
        with pytest.raises(MoneyError) as refusal:
            rate(currency, day, RATES)
        assert refusal.value.code == "no_rate"


def test_halves_go_away_from_zero_and_minor_digits_are_minded() -> None:
    assert convert(2, "USD", "CNY", DAY, RATES) == 15
    assert convert(-2, "USD", "CNY", DAY, RATES) == -15
    assert convert(100, "JPY", "CNY", DAY, RATES) == 500
    assert convert(123, "CNY", "CNY", DAY, {}) == 123


@given(AMOUNTS, st.decimals("0.0001", "10000", places=6))
def test_a_conversion_is_half_a_minor_unit_off_at_most(minor: int, value: Decimal) -> None:
    converted = convert(minor, "USD", "CNY", DAY, {"USD": {DAY: value}})
    assert abs(converted - minor * value) <= Decimal("0.5")
    assert converted == int((Decimal(minor) * value).quantize(Decimal(1), ROUND_HALF_UP))


@given(AMOUNTS, st.decimals("0.0001", "10000", places=6))
def test_a_conversion_and_its_reversal_cancel_out(minor: int, value: Decimal) -> None:
    rates = {"USD": {DAY: value}}
    assert convert(minor, "USD", "CNY", DAY, rates) == -convert(-minor, "USD", "CNY", DAY, rates)
