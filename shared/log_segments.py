"""Cutting a batch into segments that a database may process as sets without changing any verdict."""

from collections.abc import Sequence

from shared.log import Append


def segments(batch: Sequence[Append]) -> list[Sequence[Append]]:
    """Consecutive pieces of the batch.

    Within a piece no command writes or guards a stream that an earlier one writes, and no key repeats, so every
    check sees what it would see if the piece's commands came one at a time.
    """
    pieces: list[Sequence[Append]] = []
    written: set[str] = set()
    keys: set[str] = set()
    start = 0
    for index, command in enumerate(batch):
        writes = {write.stream for write in command.writes}
        touched = writes.union(guard.stream for guard in command.guards)
        if not written.isdisjoint(touched) or command.key in keys:
            pieces.append(batch[start:index])
            start = index
            written.clear()
            keys.clear()
        written |= writes
        if command.key:
            keys.add(command.key)
    if batch:
        pieces.append(batch[start:])
    return pieces
