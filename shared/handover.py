"""From a rebuild on the logs to a live, partitioned feed, without losing or repeating an event.

noted = end offsets of the topics, per partition          # before the rebuild begins
await store.prepare(); fold the logs with a LogFeed until step() answers 0
await hand_over(store, noted)                              # then start the live projector on the same store
await store.activate()
"""

from collections.abc import Callable, Mapping

from shared.feed import Offsets
from shared.feed_log import PARTITION
from shared.projection_store import Change, Move, ProjectionStore


class CannotHandOver(Exception):
    """Keys are parked under the log's one partition, or somebody else folds this version. Nothing was changed."""


async def hand_over(
    store: ProjectionStore, noted: Mapping[int, Offsets], partition: Callable[[str], int] | None = None
) -> None:
    """Let a partitioned feed go on at `noted`, offsets that lie before the rebuild's end.

    Each partition begins with what the rebuild has seen per channel, so the overlap is dropped. `partition` tells the
    partition of a key; without it, `CannotHandOver` is raised while keys are parked.
    """
    if (await store.waiting()).keys:
        if partition is None:
            raise CannotHandOver("keys are parked: retry them first")
        await store.assign_parked(partition)
    cursors = await store.cursors({PARTITION, *noted})
    rebuilt = cursors[PARTITION]
    moves = [
        Move(number, each.revision, noted.get(number, {}), rebuilt.seen) for number, each in sorted(cursors.items())
    ]
    if not await store.save(Change(tuple(moves))):
        raise CannotHandOver("another projector folds this version")
