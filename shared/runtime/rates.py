"""Exchange rates from a TOML file: `base`, and `rates.<currency>` with a rate in text for each day it begins on."""

import tomllib
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from shared.money import MINOR_UNITS, Rates

SHIPPED = Path(__file__).with_name("rates.toml")


def read_rates(path: Path, base: str) -> Rates:
    """Units of `base` for one unit of each currency. Raises ValueError for a file that does not say so.

    A file in another base is turned around by its own rate of `base`, where that is one rate for all time.
    """
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    written = str(document.get("base", ""))
    rates = {currency: _days(currency, days) for currency, days in document.get("rates", {}).items()}
    if written not in MINOR_UNITS or written in rates:
        raise ValueError(f"{path.name}: base must be a currency that has no rate of its own")
    if written == base:
        return rates
    if len(rates.get(base, {})) != 1:
        raise ValueError(f"{path.name}: rates are in {written}, not in the base currency {base}")
    ((first, divisor),) = rates[base].items()
    turned = {
        currency: {day: rate / divisor for day, rate in days.items()}
        for currency, days in rates.items()
        if currency != base
    }
    return {**turned, written: {first: 1 / divisor}}


def _days(currency: str, days: dict[str, str]) -> dict[date, Decimal]:
    if currency not in MINOR_UNITS:
        raise ValueError(f"{currency} is not an ISO 4217 currency")
    try:
        rates = {date.fromisoformat(day): Decimal(rate) for day, rate in days.items()}
    except (ValueError, TypeError, InvalidOperation):
        raise ValueError(f'rates of {currency} are not day = "rate"') from None
    if not all(rate.is_finite() and rate > 0 for rate in rates.values()):
        raise ValueError(f"rates of {currency} must be positive")
    return rates
