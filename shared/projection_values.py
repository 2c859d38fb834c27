"""What both stores bind to their statements, column by column."""

from typing import Any

import msgspec

from shared.feed import Offsets
from shared.projection_store import Move, Parked, RowChange, TimelineEvent
from shared.projection_tables import microseconds


def move_values(move: Move) -> tuple[Any, ...]:
    """offsets, seen, partition, revision."""
    return encode_offsets(move.offsets), encode_offsets(move.seen), move.partition, move.revision


def row_values(row: RowChange) -> tuple[Any, ...]:
    """view, id, data, owner, institution, rank and the new revision."""
    index = row.index
    return row.view, row.id, row.data, index.owner, index.institution, index.rank, row.revision + 1


def timeline_values(event: TimelineEvent) -> tuple[Any, ...]:
    """The columns of the timeline, in their order."""
    return (
        event.channel,
        event.position,
        event.key,
        microseconds(event.occurred_at),
        microseconds(event.recorded_at),
        event.type,
        event.schema,
        event.data,
        event.stream,
        event.version,
        event.meta,
    )


def parked_values(parked: Parked) -> tuple[Any, ...]:
    """The columns of a parked delivery, without its sequence."""
    return (
        parked.partition,
        parked.key,
        parked.channel,
        parked.position,
        parked.raw,
        parked.error,
        microseconds(parked.parked_at),
    )


def encode_offsets(offsets: Offsets) -> str:
    """Offsets as the cursor row keeps them."""
    return msgspec.json.encode(offsets).decode()
