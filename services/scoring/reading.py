"""Evidence as a policy reads it on a day: counts that hold, decayed sums, and the things that facts describe."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from services.scoring.calendar import day_of
from services.scoring.decay import faded, value
from services.scoring.evidence import Evidence, Fact
from services.scoring.policy import Policy

CONTACT_IN = ("two_way", "message_in")
CONTACT_OUT = ("two_way", "message_out", "unreached")
INBOUND = ("two_way", "message_in", "complaint", "rating")
DEBT = frozenset({"lending", "trade"})
SAVED = frozenset({"payments", "term", "wealth", "insurance"})

_read = msgspec.msgpack.decode


class Account(msgspec.Struct, frozen=True):
    """An account as its primary holder (`primary`) or a co-holder knows it; days are day numbers."""

    id: str
    product: str
    family: str
    since: int
    currency: str = ""
    institution: str = ""
    maturity: int | None = None
    ended: int | None = None
    primary: bool = True

    def open_on(self, day: int) -> bool:
        return self.since <= day and (self.ended is None or self.ended > day)


class Promise(msgspec.Struct, frozen=True):
    """What was promised; a day is None where it did not come."""

    id: str
    owner: str = ""
    made: int | None = None
    due: int | None = None
    kept: int | None = None
    broken: int | None = None
    released: int | None = None

    @property
    def settled(self) -> bool:
        return not (self.kept is None and self.broken is None and self.released is None)


class Profile(msgspec.Struct, frozen=True):
    """What the bank says of the customer itself."""

    kind: str = "personal"
    tier: str = ""
    institution: str = ""
    managers: Mapping[str, str] = {}
    weights: Mapping[str, float] = {}
    absorbed: tuple[str, ...] = ()
    survivors: tuple[str, ...] = ()
    erased: bool = False


class Reading:
    """One customer's evidence on one day. `customer` names whose profile counts when evidence is merged."""

    def __init__(self, evidence: Evidence, policy: Policy, day: int, customer: str) -> None:
        self.evidence = evidence
        self.policy = policy
        self.day = day
        self.customer = customer
        self._days: dict[tuple[str, ...], Sequence[int]] = {}

    def days(self, *kinds: str) -> Sequence[int]:
        """The days up to today on which any of these kinds holds, oldest first."""
        held = self._days.get(kinds)
        if held is None:
            today = self.day
            counted = [counts for kind in kinds if (counts := self.evidence.days.get(kind)) is not None]
            held = sorted({day for counts in counted for day, count in counts.items() if count > 0 and day <= today})
            self._days[kinds] = held
        return held

    @cached_property
    def active(self) -> Sequence[int]:
        return self.days("active")

    def faded(self, half_life: int, day: int) -> float:
        return faded(half_life, self.day - day)

    def sum(self, measure: str, half_life: int) -> float:
        """A decayed sum as of today, signed."""
        return value(self.evidence.sums.get(measure, {}).get(half_life, 0), half_life, self.day)

    def weight(self, measure: str, half_life: int) -> float:
        """A decayed weight as of today, never below 0."""
        return max(0.0, self.sum(measure, half_life))

    @cached_property
    def profile(self) -> Profile:
        return _profile(self.evidence.facts.get(self.customer, {}), self.day)

    @cached_property
    def accounts(self) -> tuple[Account, ...]:
        """Every account ever held, in the order of their ids."""
        return tuple(
            account
            for entity, fields in sorted(self.evidence.facts.items())
            for account in _accounts(entity, fields, self.policy)
            if account.since <= self.day
        )

    @cached_property
    def open_accounts(self) -> tuple[Account, ...]:
        return tuple(account for account in self.accounts if account.open_on(self.day))

    @cached_property
    def promises(self) -> tuple[Promise, ...]:
        """Every promise, in the order of their ids."""
        return tuple(
            _promise(entity, fields)
            for entity, fields in sorted(self.evidence.facts.items())
            if not fields.keys().isdisjoint(_PROMISE)
        )

    @cached_property
    def complaints(self) -> tuple[tuple[str, Mapping[str, Fact]], ...]:
        return tuple((e, fields) for e, fields in sorted(self.evidence.facts.items()) if "received" in fields)

    @cached_property
    def earliest(self) -> int | None:
        """The first day of the first account; None where there never was one."""
        return min((account.since for account in self.accounts), default=None)

    @cached_property
    def start(self) -> int | None:
        """Where the customer's history begins in the bank's data."""
        if self.earliest is None or self.policy.data_from is None:
            return self.earliest
        return max(self.earliest, day_of(self.policy.data_from))

    @property
    def age(self) -> int:
        """Days of history, today included; 0 for a prospect."""
        return 0 if self.start is None else max(1, self.day - self.start + 1)


_PROMISE = frozenset({"made", "due", "kept", "broken", "released"})


def _profile(fields: Mapping[str, Fact], day: int) -> Profile:
    told: dict[str, Any] = {name: _read(encoded) for name, (_, encoded) in fields.items()}
    return Profile(
        kind=told.get("kind", "personal"),
        tier=told.get("tier", ""),
        institution=_institution(told, day),
        managers={name.partition(":")[2]: who for name, who in sorted(told.items()) if name.startswith("coverage:")},
        weights=told.get("weights", {}),
        absorbed=_others(told, "absorbed:"),
        survivors=_others(told, "survivor:"),
        erased=told.get("erased", False),
    )


def _institution(told: Mapping[str, Any], day: int) -> str:
    """The home institution of the latest transfer that has taken effect."""
    effective = {
        int(name.partition(":")[2]): institution
        for name, institution in told.items()
        if name.startswith("institution:")
    }
    return effective[max(on for on in effective if on <= day)] if any(on <= day for on in effective) else ""


def _others(told: Mapping[str, Any], prefix: str) -> tuple[str, ...]:
    return tuple(sorted(name.removeprefix(prefix) for name, holds in told.items() if name.startswith(prefix) and holds))


def _accounts(entity: str, fields: Mapping[str, Fact], policy: Policy) -> Sequence[Account]:
    family = policy.breadth.family
    found: list[Account] = []
    if "opened" in fields:
        product, since, currency, institution, maturity = _read(fields["opened"][1])
        ended = _read(fields["closed"][1]) if "closed" in fields else None
        found.append(Account(entity, product, family.get(product, ""), since, currency, institution, maturity, ended))
    for name, (version, encoded) in sorted(fields.items()):
        if name.startswith("holder:"):
            holder, _, since = name.removeprefix("holder:").rpartition(":")
            removed = fields.get(f"holder_removed:{holder}")
            ended = _read(removed[1]) if removed is not None and removed[0] > version else None
            product = _read(encoded)
            found.append(Account(entity, product, family.get(product, ""), int(since), ended=ended, primary=False))
    return found


def _promise(entity: str, fields: Mapping[str, Fact]) -> Promise:
    told: dict[str, Any] = {name: _read(encoded) for name, (_, encoded) in fields.items() if name in _PROMISE}
    made, owner = told.pop("made", (None, ""))
    return Promise(entity, owner, made, **told)
