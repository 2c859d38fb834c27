"""The part of the policy that evidence depends on: changing any of it asks for a refold of the history."""

from datetime import tzinfo
from functools import cached_property
from zoneinfo import ZoneInfo

import msgspec


class Refold(msgspec.Struct, frozen=True, dict=True):
    """Half-lives in days, rating marks in points (0 to 100), and the products whose opening is a purchase."""

    zone_name: str
    balance: tuple[int, ...] = (62, 365)
    external: tuple[int, ...] = (90, 365)
    rating: tuple[int, ...] = (180,)
    trust: tuple[int, ...] = (365,)
    advocacy: tuple[int, ...] = (365,)
    silent_bad: int = 40
    silent_good: int = 60
    purchase_products: frozenset[str] = frozenset()

    @cached_property
    def zone(self) -> tzinfo:
        return ZoneInfo(self.zone_name)
