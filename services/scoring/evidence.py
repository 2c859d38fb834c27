"""What is known of a customer, as a commutative monoid: any order and grouping of its events gives the same evidence.

days: kind -> {day: count}; sums: measure -> {half-life: forward sum}; totals: measure -> integer; all merge by
addition and drop entries that become 0. facts: entity -> {field: (stream version, encoded value)}; the higher pair
wins, field by field.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec

from services.scoring.decay import growth

Days = dict[str, dict[int, int]]
Sums = dict[str, dict[int, int]]
Totals = dict[str, int]
Fact = tuple[int, bytes]
Facts = dict[str, dict[str, Fact]]


class Evidence(msgspec.Struct, frozen=True):
    """A value: nobody changes its maps after it is made."""

    days: Days = {}
    sums: Sums = {}
    totals: Totals = {}
    facts: Facts = {}


IDENTITY = Evidence()


class _Table:
    """A two-level map that shares its rows with the evidence it started from until it writes to them."""

    __slots__ = ("owned", "rows")

    def __init__(self, start: dict[str, dict[int, int]]) -> None:
        self.rows = dict(start)
        self.owned: set[str] = set()

    def add(self, name: str, at: int, number: int) -> None:
        row = self.rows.get(name)
        if row is None:
            if number:
                self.rows[name] = {at: number}
                self.owned.add(name)
            return
        if name not in self.owned:
            row = self.rows[name] = dict(row)
            self.owned.add(name)
        changed = row.get(at, 0) + number
        if changed:
            row[at] = changed
            return
        row.pop(at, None)
        if not row:
            del self.rows[name]


class Working:
    """Evidence under construction. Folds write here in place, because copying it for every event would be slow."""

    __slots__ = ("_days", "_facts", "_owned", "_sums", "_totals")

    def __init__(self, start: Evidence | None = None) -> None:
        begun = start or IDENTITY
        self._days = _Table(begun.days)
        self._sums = _Table(begun.sums)
        self._totals: Totals = dict(begun.totals)
        self._facts: Facts = dict(begun.facts)
        self._owned: set[str] = set()

    def on(self, moment: datetime | int) -> "Working":
        """Where the part of that date belongs; a plain fold keeps all parts, whatever their date."""
        return self

    def count(self, kind: str, day: int, number: int = 1) -> None:
        """Add to the count of one day."""
        self._days.add(kind, day, number)

    def grow(self, measure: str, half_lives: tuple[int, ...], day: int, weight: int) -> None:
        """Add an integer weight, dated on a day, to the forward sums of a measure."""
        if weight:
            for half_life in half_lives:
                self._sums.add(measure, half_life, weight * growth(half_life, day))

    def total(self, measure: str, amount: int) -> None:
        """Add to a plain total."""
        changed = self._totals.get(measure, 0) + amount
        if changed:
            self._totals[measure] = changed
        else:
            self._totals.pop(measure, None)

    def fact(self, entity: str, field: str, version: int, value: Any) -> None:
        """Note a field as of a version of its stream."""
        self._keep(entity, field, (version, msgspec.msgpack.encode(value)))

    def _keep(self, entity: str, field: str, fact: Fact) -> None:
        fields = self._facts.get(entity)
        if entity not in self._owned:
            fields = self._facts[entity] = {} if fields is None else dict(fields)
            self._owned.add(entity)
        if fields is not None and ((held := fields.get(field)) is None or fact > held):
            fields[field] = fact

    def merge(self, other: Evidence) -> None:
        """Add evidence of other events, in place."""
        for kind, counts in other.days.items():
            for day, number in counts.items():
                self._days.add(kind, day, number)
        for measure, by in other.sums.items():
            for half_life, amount in by.items():
                self._sums.add(measure, half_life, amount)
        for measure, amount in other.totals.items():
            self.total(measure, amount)
        for entity, fields in other.facts.items():
            for field, fact in fields.items():
                self._keep(entity, field, fact)

    def freeze(self) -> Evidence:
        """The evidence so far; the working form must not be used afterwards."""
        return Evidence(self._days.rows, self._sums.rows, self._totals, self._facts)


class Target(Protocol):
    """Where the parts of an event's delta go, by their date."""

    def on(self, moment: datetime | int) -> Working:
        """The evidence under construction for parts dated at an instant, or on a day number."""
        ...


def merge(*parts: Evidence) -> Evidence:
    """The evidence of all these events together; they must be disjoint."""
    working = Working()
    for part in parts:
        working.merge(part)
    return working.freeze()


class _Stored(msgspec.Struct, array_like=True, frozen=True):
    """Integers as bytes, because MessagePack stops at 64 bits."""

    days: Days
    sums: dict[str, dict[int, bytes]]
    totals: dict[str, bytes]
    facts: Facts


_decoder = msgspec.msgpack.Decoder(_Stored)


def integer_bytes(number: int) -> bytes:
    """The shortest big-endian two's complement of an integer."""
    bits = number.bit_length() if number >= 0 else (number + 1).bit_length()
    return number.to_bytes(bits // 8 + 1, "big", signed=True)


def _sorted(table: Mapping[str, Mapping[Any, Any]]) -> dict[str, dict[Any, Any]]:
    return {name: {key: row[key] for key in sorted(row)} for name, row in sorted(table.items())}


def encode(evidence: Evidence) -> bytes:
    """The one byte form of this evidence: equal evidence, equal bytes."""
    sums = {m: {h: integer_bytes(v) for h, v in sorted(by.items())} for m, by in sorted(evidence.sums.items())}
    totals = {m: integer_bytes(v) for m, v in sorted(evidence.totals.items())}
    return msgspec.msgpack.encode(_Stored(_sorted(evidence.days), sums, totals, _sorted(evidence.facts)))


def decode(data: bytes) -> Evidence:
    """The inverse of `encode`."""
    stored = _decoder.decode(data)
    sums = {m: {h: int.from_bytes(v, "big", signed=True) for h, v in by.items()} for m, by in stored.sums.items()}
    totals = {m: int.from_bytes(v, "big", signed=True) for m, v in stored.totals.items()}
    return Evidence(stored.days, sums, totals, stored.facts)
