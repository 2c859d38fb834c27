"""Money: integers in the minor unit of an ISO 4217 currency. No float ever holds an amount."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeAlias

Rates: TypeAlias = Mapping[str, Mapping[date, Decimal]]
"""Currency → day → units of the base currency for one unit of it, valid from that day on."""

LIMIT = 10**15
"""No amount reaches this many minor units: sums of thousands of them still fit into 64 bits."""

_NO_MINOR = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC "
    "CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD "
    "KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO "
    "NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL "
    "THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG"
)
MINOR_UNITS: Mapping[str, int] = {
    **dict.fromkeys(_NO_MINOR.split(), 0),
    **dict.fromkeys(_TWO.split(), 2),
    **dict.fromkeys(_THREE.split(), 3),
}
"""ISO 4217 list one: currency → digits after the decimal point."""

_AMOUNT = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?", re.ASCII)


class MoneyError(ValueError):
    """An amount that cannot be held exactly. `code` is stable: unknown_currency, invalid_amount, too_precise,
    amount_too_large or no_rate."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def minor_units(currency: str) -> int:
    """Digits after the point. Raises `MoneyError` for a code that ISO 4217 does not list."""
    try:
        return MINOR_UNITS[currency]
    except KeyError:
        raise MoneyError("unknown_currency", "Not an ISO 4217 currency code.") from None


def parse_amount(amount: str, currency: str) -> int:
    """`12.50` of a currency with two minor digits → 1250. Raises `MoneyError` rather than rounding."""
    digits = minor_units(currency)
    match = _AMOUNT.fullmatch(amount) if len(amount) <= 40 else None
    if match is None:
        raise MoneyError("invalid_amount", "An amount is a decimal number in a string, like 12.50.")
    sign, whole, fraction = match[1], match[2], (match[3] or "")
    if fraction[digits:].strip("0"):
        raise MoneyError("too_precise", f"This currency has {digits} digits after the point.")
    value = int(whole + fraction[:digits].ljust(digits, "0"))
    if value >= LIMIT:
        raise MoneyError("amount_too_large", "The amount is larger than any amount kept here.")
    return -value if sign else value


def format_amount(minor: int, currency: str) -> str:
    """1250 of a currency with two minor digits → `12.50`."""
    digits = minor_units(currency)
    if not digits:
        return str(minor)
    whole, fraction = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{whole}.{fraction:0{digits}d}"


def rate(currency: str, day: date, rates: Rates) -> Decimal:
    """The latest rate known on that day. Raises `MoneyError` where there is none."""
    days = [known for known in rates.get(currency, {}) if known <= day]
    if not days:
        raise MoneyError("no_rate", "There is no exchange rate for this currency on this day.")
    return rates[currency][max(days)]


def convert(minor: int, currency: str, base: str, day: date, rates: Rates) -> int:
    """An amount in minor units of the base currency at that day's rate, half up (away from zero)."""
    if currency == base:
        return minor
    shift = minor_units(base) - minor_units(currency)
    value = Decimal(minor) * rate(currency, day, rates) * Decimal(10) ** shift
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))
