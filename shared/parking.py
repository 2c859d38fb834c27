"""What an operator does about parked keys: list them, look at one, and retry it once the cause is gone."""

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from shared import wire
from shared.codec import Codec, Undecodable
from shared.envelope import Record
from shared.feed import Delivery, Poison
from shared.folding import Folding, Held, Routed, decode_row, route, wanted, where
from shared.projection import Projection
from shared.projection_store import Change, Move, Parked, ParkedKey, ProjectionStore, RowKey

_ATTEMPTS = 50
_JSON = b"{"


class Busy(Exception):
    """The live projector was faster every time; try again."""


class Retried(msgspec.Struct, frozen=True):
    """How many deliveries were applied, how many wait still, and what the first of those failed with."""

    applied: int
    remaining: int
    error: str = ""


class Parking:
    """The parked keys of one projection.

    Args:
        limit: how many deliveries of a key one retry takes on.
    """

    def __init__(
        self,
        store: ProjectionStore,
        codec: Codec,
        *,
        limit: int = 1_000,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._codec = codec
        self._limit = limit
        self._clock = clock

    async def list(self, limit: int = 100, after: str = "") -> list[ParkedKey]:
        """Keys that wait, in order of key."""
        return await self._store.parked_keys(limit, after)

    async def show(self, key: str) -> Sequence[Parked]:
        """What waits for a key, in order."""
        return await self._store.parked(key, self._limit)

    async def retry(self, key: str) -> Retried:
        """Apply what waits for a key, in order, in one transaction, up to the first that still fails.

        More than `limit` deliveries take several transactions. A projector that works on the partition is fenced, and
        so learns that the key is free. Raises `Busy` when it kept being faster, and infrastructure errors.
        """
        applied = 0
        for _ in range(_ATTEMPTS):
            retried = await self._attempt(key)
            if retried is None:
                await asyncio.sleep(random.random() * 0.02)
                continue
            applied += retried.applied
            if retried.error or retried.applied < self._limit:
                return Retried(applied, retried.remaining, retried.error)
        raise Busy(self._store.projection.name)

    async def _attempt(self, key: str) -> Retried | None:
        parked = await self.show(key)
        if not parked:
            return Retried(0, 0)
        partition = parked[0].partition
        cursor = (await self._store.cursors([partition]))[partition]
        parked = await self.show(key)
        folding, applied = await self._fold(parked)
        first = folding.parked[:1]
        move = Move(partition, cursor.revision, cursor.offsets, cursor.seen)
        change = Change(
            moves=(move,),
            rows=tuple(folding.changes()),
            timeline=tuple(folding.timeline),
            parked=tuple(first),
            unparked=tuple(parked[:applied]),
        )
        if not await self._store.save(change):
            return None
        return Retried(applied, len(parked) - applied, first[0].error if first else "")

    async def _fold(self, parked: Sequence[Parked]) -> tuple[Folding, int]:
        projection = self._store.projection
        routed = [route(projection, each.partition, self._delivery(each)) for each in parked]
        held = await _load(self._store, projection, routed)
        folding = Folding(projection, self._codec, held, (), self._clock(), checked=True)
        for applied, each in enumerate(routed):
            folding.apply(each)
            if folding.parked:
                return folding, applied
        return folding, len(routed)

    def _delivery(self, parked: Parked) -> Delivery:
        try:
            if parked.raw.startswith(_JSON):
                return wire.decode(parked.raw, (), self._codec)
            return self._codec.decode(msgspec.msgpack.decode(parked.raw, type=Record))
        except (Undecodable, msgspec.MsgspecError) as error:
            return Poison(parked.channel, parked.position, parked.key, parked.raw, where(error))


async def _load(store: ProjectionStore, projection: Projection, routed: Sequence[Routed]) -> dict[RowKey, Held]:
    views = {view.name: view for view in projection.views}
    keys = wanted(routed)
    ids: dict[str, list[str]] = {}
    for view, id_ in sorted(keys):
        ids.setdefault(view, []).append(id_)
    stored = await store.load(ids)
    return {
        key: Held(decode_row(views[key[0]], stored[key].data), stored[key].revision) if key in stored else Held()
        for key in keys
    }
