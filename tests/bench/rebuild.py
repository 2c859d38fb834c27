"""B2: the evidence folded anew from the logs, against reading and decoding them."""

import time
from collections.abc import Sequence

import msgspec

from shared.database import Database
from shared.envelope import NewEvent, Record
from shared.feed_log import LogFeed
from shared.log import Append, EventLog, Expected, Write
from shared.log_open import open_log
from shared.projector import Projector
from shared.runtime.kernel import LIVE
from shared.stores import open_store
from tests.bench import events
from tests.bench.folds import evidence
from tests.bench.places import Place
from tests.bench.results import Claim

PAGE = 5_000
APPENDED = 500


async def rebuild(place: Place) -> list[Claim]:
    """One claim without the timeline; with it, apart."""
    number, people = place.sized(100_000), place.sized(5_000)
    records = list(events.everything(number, people))
    async with place.database(migrated=True) as customer, place.database(migrated=True) as interaction:
        logs = [open_log("customer", customer), open_log("interaction", interaction)]
        for log in logs:
            await _fill(log, [record for record in records if record.log == log.name])
        before = await _decoded(logs)
        with_rows = await _folded(place, logs, number, timeline=False)
        with_timeline = await _folded(place, logs, number, timeline=True)
        after = await _decoded(logs)
        for log in logs:
            await log.close()
    limit = 2 * number / (before + after)
    notes = {"limit_seconds": [round(before, 3), round(after, 3)]}
    size = f"{number:,} events, {people:,} customers, 2 logs"
    return [
        Claim(
            path="B2",
            what="rebuild of the evidence",
            ours=number / with_rows,
            unit="events/s",
            limit=limit,
            against="read and decoded",
            floor=0.30,
            aim=0.70,
            size=size,
            notes=notes,
        ),
        Claim(
            path="B2",
            what="the same with the timeline",
            ours=number / with_timeline,
            unit="events/s",
            limit=limit,
            against="read and decoded",
            size=size,
        ),
    ]


async def _fill(log: EventLog, records: Sequence[Record]) -> None:
    for start in range(0, len(records), APPENDED):
        await log.append([_append(record) for record in records[start : start + APPENDED]])


def _append(record: Record) -> Append:
    event = NewEvent(record.key, record.type, record.schema, record.data, record.occurred_at)
    return Append((Write(record.stream, Expected.ANY, (event,)),))


async def _decoded(logs: Sequence[EventLog]) -> float:
    started = time.perf_counter()
    for log in logs:
        position = 0
        while page := await log.read(position, PAGE):
            for record in page:
                events.CODEC.decode(record)
            position = page[-1].position
    return time.perf_counter() - started


async def _folded(place: Place, logs: Sequence[EventLog], number: int, *, timeline: bool) -> float:
    projection = msgspec.structs.replace(evidence(), timeline=timeline)
    database: Database
    async with place.database() as database:
        store = open_store(projection, database)
        await store.prepare()
        projector = Projector(projection, store, LogFeed(logs, events.CODEC), events.CODEC, limits=LIVE)
        started = time.perf_counter()
        while projector.metrics.events < number:
            await projector.step()
        if projector.metrics.parked:
            raise RuntimeError("the rebuild parked events")
        return time.perf_counter() - started
