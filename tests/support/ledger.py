"""A tiny published language and a view that notices every event that is lost, doubled or out of order."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from shared.codec import Codec, Upcaster
from shared.envelope import Envelope, Meta, Record, Sealed
from shared.log import Append, EventLog, Expected, Write
from shared.projection import Index, Projection, View

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
INSTITUTIONS = ("ins_a", "ins_b", "ins_c")


class Posted(msgspec.Struct, frozen=True):
    account: str
    amount: int


class Noted(msgspec.Struct, frozen=True, omit_defaults=True):
    account: str
    text: Sealed
    contact: dict[str, Sealed] = {}
    aside: Sealed | None = None


class Broken(msgspec.Struct, frozen=True):
    """The fold cannot take it as long as `repaired` is False."""

    account: str


class LedgerContract:
    LOG = "ledger"
    EVENTS = (
        ("entry.posted", 1, Posted, "entry"),
        ("entry.broken", 1, Broken, "entry"),
        ("note.taken", 1, Noted, "note"),
    )
    UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}


class NewerContract(LedgerContract):
    """What a later release publishes."""

    EVENTS = (("entry.posted", 2, Posted, "entry"), ("entry.audited", 1, Posted, "entry"))


CODEC = Codec([LedgerContract()])
NEWER = Codec([NewerContract()])


class Account(msgspec.Struct, frozen=True):
    """`trace` chains every event into one number, so that loss, repetition and disorder all show."""

    institution: str
    total: int = 0
    events: int = 0
    trace: int = 0


class Fold:
    """The ledger's projection; `repaired` is set once the code that failed has been fixed."""

    def __init__(self, *, version: int = 1, timeline: bool = True) -> None:
        self.repaired = False
        self.view: View[Account] = View("account", Account, self._ids, self._evolve, self._index)
        self.projection = Projection("ledger", version, (self.view,), timeline)

    def reference(self, envelopes: Iterable[Envelope]) -> dict[str, Account]:
        """What the rows must be after these events, each once, in the order of each key."""
        rows: dict[str, Account] = {}
        for envelope in envelopes:
            for id_ in self._ids(envelope):
                rows[id_] = self._evolve(rows.get(id_), id_, envelope)
        return rows

    def _ids(self, envelope: Envelope) -> tuple[str, ...]:
        return (envelope.key,) if isinstance(envelope.data, (Posted, Broken, Noted)) else ()

    def _evolve(self, row: Account | None, id_: str, envelope: Envelope) -> Account:
        row = row or Account(institution_of(id_))
        match envelope.data:
            case Broken() if not self.repaired:
                raise ZeroDivisionError("secret words of a customer")
            case Posted(_, amount):
                total = row.total + amount
            case _:
                total = row.total
        trace = (row.trace * 1_000_003 + envelope.position) % (2**61 - 1)
        return Account(row.institution, total, row.events + 1, trace)

    def _index(self, row: Account) -> Index:
        return Index("everyone", row.institution, f"{row.total:012d}")


def institution_of(key: str) -> str:
    return INSTITUTIONS[sum(key.encode()) % len(INSTITUTIONS)]


def envelope(key: str, position: int, data: Any = None, *, log: str = "ledger") -> Envelope:
    """An envelope as a feed would deliver it."""
    data = Posted(key, position) if data is None else data
    event = CODEC.encode(key, data, AT)
    topic = CODEC.topic(event.type)
    return Envelope(log, position, f"account-{key}", position, key, event.type, 1, topic, data, Meta(), AT, AT)


def record(key: str, position: int, data: bytes, *, type: str = "entry.posted", schema: int = 1) -> Record:  # noqa: A002
    return Record("ledger", position, f"account-{key}", position, key, type, schema, data, b"{}", AT, AT)


async def append(log: EventLog, *events: tuple[str, Any]) -> None:
    """Record (key, event) pairs, one command each."""
    commands = [
        Append((Write(f"account-{key}", Expected.ANY, (CODEC.encode(key, event, AT),)),)) for key, event in events
    ]
    await log.append(commands)
