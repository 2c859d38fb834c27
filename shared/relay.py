"""The relay: every event of a log to Kafka, at least once, in order, never skipping one.

The cursor lies in the log's own database, in the row of the lease under which this process leads. It moves by
compare-and-set on position and epoch after all acknowledgements; so an old leader may publish something twice, and
cannot move the cursor of a new one.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import text

from shared.database import Database
from shared.envelope import Record
from shared.feed_log import assert_dense
from shared.log import EventLog
from shared.outages import passing
from shared.publisher import Publisher

PAGE = 5_000
WAIT_SECONDS = 1.0
LONGEST_BACKOFF = 5.0

_log = logging.getLogger("guanxi.relay")
_READ = text("SELECT epoch, position FROM leases WHERE name = :name")
_MOVE = text("UPDATE leases SET position = :new WHERE name = :name AND epoch = :epoch AND position = :old")


class Fenced(Exception):
    """Another process leads now: nothing is lost, this one has to stop."""


class Lag(msgspec.Struct, frozen=True):
    """How far the topics are behind the log. `seconds` is the age of the oldest event not published, 0 if none."""

    events: int
    seconds: float


class RelayCursor:
    """The last published position, in the lease row `name` of the log's database."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    async def position(self) -> int:
        """As it stands, whoever leads; 0 before the first leader."""
        return (await self._row())[1]

    async def begin(self, epoch: int) -> int:
        """Where the leader of this epoch begins. Raises `Fenced`."""
        current, position = await self._row()
        if current != epoch:
            raise Fenced(f"{self._name}: epoch {current}, not {epoch}")
        return position

    async def move(self, epoch: int, old: int, new: int) -> None:
        """Raises `Fenced` when epoch or position are others now; nothing has moved then."""
        async with self._database.write() as connection:
            moved = await connection.execute(_MOVE, {"name": self._name, "epoch": epoch, "old": old, "new": new})
        if moved.rowcount != 1:
            raise Fenced(f"{self._name}: epoch {epoch} does not stand at {old} any more")

    async def _row(self) -> tuple[int, int]:
        async with self._database.read() as connection:
            row = (await connection.execute(_READ, {"name": self._name})).one_or_none()
        return (row.epoch, row.position) if row else (0, 0)


class Relay:
    """Publishes one log: `Leader("customer-publishing", database, lambda epoch: [relay.under(epoch)])`.

    Args:
        log: what to publish.
        cursor: how far it is published.
        connect: a fresh publisher; asked again after every failure.
        clock: for the lag in seconds.
    """

    def __init__(
        self,
        log: EventLog,
        cursor: RelayCursor,
        connect: Callable[[], Publisher],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = f"{log.name}-relay"
        self.published = 0
        self.failures = 0
        self._log = log
        self._cursor = cursor
        self._connect = connect
        self._clock = clock

    def under(self, epoch: int) -> "LeadingRelay":
        """The component that publishes while this process holds the lease in this epoch."""
        return LeadingRelay(self, epoch)

    async def lead(self, epoch: int) -> None:
        """Publish until cancelled. Raises `Fenced`, and `LogGap`.

        A broker or database that cannot be reached is tried again, with growing pauses.
        """
        pause = 0.1
        while True:
            before = self.published
            try:
                async with self._connect() as publisher:
                    await self._tail(publisher, epoch)
            except Exception as error:
                if not passing(error):
                    raise
                self.failures += 1
                _log.warning("%s tries again after %s", self.name, type(error).__name__)
            pause = 0.1 if self.published > before else min(pause * 2, LONGEST_BACKOFF)
            await asyncio.sleep(pause)

    async def lag(self) -> Lag:
        """How far behind, measured now; right on every replica, whoever leads."""
        position = await self._cursor.position()
        events = max(0, await self._log.head() - position)
        oldest = await self._log.read(position, 1) if events else []
        seconds = (self._clock() - oldest[0].recorded_at).total_seconds() if oldest else 0.0
        return Lag(events, max(0.0, seconds))

    async def _tail(self, publisher: Publisher, epoch: int) -> None:
        position = await self._cursor.begin(epoch)
        page = await self._log.read(position, PAGE)
        while True:
            if not page:
                await self._log.wait(position, WAIT_SECONDS)
                page = await self._log.read(position, PAGE)
                continue
            assert_dense(self._log.name, position, page)
            following = asyncio.ensure_future(self._log.read(page[-1].position, PAGE))
            try:
                position = await self._publish(publisher, epoch, position, page)
                page = await following
            finally:
                following.cancel()

    async def _publish(self, publisher: Publisher, epoch: int, position: int, page: Sequence[Record]) -> int:
        await publisher.publish(page)
        await self._cursor.move(epoch, position, page[-1].position)
        self.published += len(page)
        return page[-1].position


class LeadingRelay:
    """A relay in one epoch. It ends by itself when another process leads."""

    def __init__(self, relay: Relay, epoch: int) -> None:
        self.name = relay.name
        self._relay = relay
        self._epoch = epoch

    async def run(self) -> None:
        """Publish until cancelled or fenced. Raises `LogGap`."""
        try:
            await self._relay.lead(self._epoch)
        except Fenced as fenced:
            _log.info("%s stops: %s", self.name, fenced)
