"""Exact forward decay (Cormode, Shkapenyuk, Srivastava, Xu, ICDE 2009).

A sum keeps `weight * growth(day)` for every event; reading it on a day divides by that day's growth. Everything is an
integer, so that any order and any grouping of the events gives the same sum. Powers of floats do neither: they are not
reproducible and overflow for short half-lives.
"""

from decimal import Decimal, localcontext
from functools import lru_cache

PRECISION = 60
TABLE_BITS = 96
OFFSET = 64
READING = 10**15


@lru_cache(maxsize=256)
def _table(half_life: int) -> tuple[int, ...]:
    """2^(r/H) for r in 0..H-1, in units of 2^-96, cut off."""
    with localcontext() as context:
        context.prec = PRECISION
        rate = Decimal(2).ln()
        scale = Decimal(2) ** TABLE_BITS
        return tuple(int((rate * r / half_life).exp() * scale) for r in range(half_life))


@lru_cache(maxsize=1 << 17)
def growth(half_life: int, day: int) -> int:
    """How heavy one unit of a day weighs: doubles every `half_life` days; rounded half up."""
    doublings, rest = divmod(max(0, day), half_life)
    entry = _table(half_life)[rest]
    if doublings >= OFFSET:
        return entry << (doublings - OFFSET)
    shift = OFFSET - doublings
    return (entry + (1 << (shift - 1))) >> shift


def value(total: int, half_life: int, day: int) -> float:
    """A forward sum as read on a day: sum of weight * 2^(-age / half-life)."""
    if total == 0:
        return 0.0
    return (total * READING // growth(half_life, day)) / READING


@lru_cache(maxsize=1 << 17)
def faded(half_life: float, age: int) -> float:
    """What is left of one unit after `age` days."""
    return 2.0 ** (-age / half_life)
