"""The bonds of a relationship that rest on what is held: breadth, depth and tenure."""

import math
from functools import cached_property

import msgspec

from services.scoring.bonds import Bond
from services.scoring.contributions import Share
from services.scoring.decay import faded
from services.scoring.reading import DEBT, SAVED, Account, Reading

DAYS_IN_YEAR = 365.25
NINE = 9


class Holding(msgspec.Struct, frozen=True):
    """An account's average balances in whole units of the base currency: of the last quarter, and the usual one."""

    account: Account
    recent: float
    usual: float


class Holdings:
    """What the customer holds, and how much of the usual is still there."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    @cached_property
    def families(self) -> dict[str, list[Account]]:
        """Product families held today, each with its accounts."""
        found: dict[str, list[Account]] = {}
        for account in self._reading.open_accounts:
            if account.family:
                found.setdefault(account.family, []).append(account)
        return dict(sorted(found.items()))

    @cached_property
    def balances(self) -> tuple[Holding, ...]:
        half_lives = self._reading.policy.half_life_days
        return tuple(
            Holding(
                account, self._average(account, half_lives.balance), self._average(account, half_lives.balance_long)
            )
            for account in self._reading.accounts
            if account.primary
        )

    def _average(self, account: Account, half_life: int) -> float:
        """The exponentially weighted average balance: what came in, less what of it is too young to count."""
        reading = self._reading
        sign = -1 if account.family in DEBT else 1
        totals = reading.evidence.totals
        moved, recorded = f"moved:{account.id}", f"balance:{account.id}"
        total = totals.get(recorded, 0) + sign * totals.get(moved, 0)
        young = reading.sum(recorded, half_life) + sign * reading.sum(moved, half_life)
        if account.ended is not None and account.ended <= reading.day:
            # Closing takes the balance to 0, whether or not anybody booked that.
            return reading.policy.units(
                max(0.0, total * faded(half_life, reading.day - account.ended) - young), account.currency
            )
        return reading.policy.units(max(0.0, total - young), account.currency)

    @cached_property
    def marks(self) -> tuple[float, float]:
        marks = self._reading.policy.depth.marks
        kinds = {str(kind): pair for kind, pair in marks.items()}
        return kinds.get(self._reading.profile.kind, marks["personal"])

    @cached_property
    def retained(self) -> float:
        """The share of the usual money that stayed. Repaying a loan is not leaving, so debt does not count."""
        low, _ = self.marks
        saved = [holding for holding in self.balances if holding.account.family in SAVED]
        recent = sum(holding.recent for holding in saved)
        return min(1.0, (recent + low) / (self.usual_savings + low))

    @cached_property
    def usual_savings(self) -> float:
        return sum(holding.usual for holding in self.balances if holding.account.family in SAVED)


def breadth(holdings: Holdings, scale: float) -> Bond:
    """How many families of products are held: each one more ties less than the one before."""
    families = holdings.families
    amount = 1 - math.exp(-len(families) / scale)
    shares = [
        Share("opening", amount / len(families) / len(accounts), account.id, account.since)
        for accounts in families.values()
        for account in accounts
    ]
    return Bond(amount, bool(families), shares)


def depth(holdings: Holdings) -> Bond:
    """How much money is held, on a scale between the marks of such customers, less the share that left."""
    whole = sum(holding.recent for holding in holdings.balances)
    known = bool(holdings.balances)
    if whole <= 0:
        return Bond(0.0, known)
    low, high = holdings.marks
    steepness = 2 * math.log(NINE) / math.log(high / low)
    full = 1 / (1 + (math.sqrt(low * high) / whole) ** steepness)
    shares = [
        Share("balance", full * holding.recent / whole, holding.account.id)
        for holding in holdings.balances
        if holding.recent > 0
    ]
    left = full * (1 - holdings.retained)
    if left > 0:
        shares.append(Share("money_left", -left))
    return Bond(full - left, known, shares)


def tenure(reading: Reading, full_years: float) -> Bond:
    """How long the customer has been one. Never lost to inactivity."""
    if reading.earliest is None:
        return Bond(0.0, False)
    years = (reading.day - reading.earliest) / DAYS_IN_YEAR
    amount = min(1.0, math.log1p(years) / math.log1p(full_years))
    first = min(reading.accounts, key=lambda account: (account.since, account.id))
    return Bond(amount, True, [Share("opening", amount, first.id, first.since)])
