"""Short ways to say what a batch changes."""

from datetime import UTC, datetime

from shared.folding import row_change
from shared.projection_store import Change, Move, Parked, RowChange, TimelineEvent
from support.ledger import Account, Fold

NOW = datetime(2026, 3, 2, 9, 0, 0, 123457, tzinfo=UTC)


def row(id_: str, total: int = 1, *, institution: str = "ins_a", revision: int = 0) -> RowChange:
    return row_change(Fold().view, id_, Account(institution, total), revision)


def move(revision: int = 0, to: int = 1, *, partition: int = 0) -> Move:
    return Move(partition, revision, {"ledger": to}, {"ledger/entry": to})


def event(position: int, key: str = "cus_1", *, minute: int = 0) -> TimelineEvent:
    at = NOW.replace(minute=minute)
    return TimelineEvent("ledger/entry", position, key, at, NOW, "entry.posted", 1, b'{"a":1}', "account-1", 1, b"{}")


def parked(key: str, position: int, error: str = "") -> Parked:
    return Parked(0, key, "ledger/entry", position, b"\x00raw\xff", error, NOW)


def change(revision: int = 0, *rows: RowChange, timeline: tuple[TimelineEvent, ...] = ()) -> Change:
    return Change((move(revision, revision + 1),), rows, timeline)
