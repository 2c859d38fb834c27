"""One leader at a time by a row with an epoch. The database's clock decides, never a process's.

    leader = Leader("customer-publishing", database, lambda epoch: [relay(epoch), sweep], seconds=10)
    await leader.run()        # a component: runs the given ones only while it leads, cancels them when it does not

A lease is a hint for efficiency. What must not happen twice is guarded by a compare-and-set on the epoch.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

import msgspec
import sqlalchemy as sa

from shared.database import Database

_log = logging.getLogger("guanxi.lease")

# Microseconds since 1970 by the database's clock.
_NOW = {
    "sqlite": "cast((julianday('now') - 2440587.5) * 86400000000 as integer)",
    "postgresql": "cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)",
}
_ACQUIRE = """
    insert into leases (name, holder, epoch, until) values (:name, :holder, 1, NOW + :length)
    on conflict (name) do update set holder = excluded.holder, until = excluded.until, epoch = leases.epoch + 1
    where leases.until <= NOW or leases.holder = excluded.holder
    returning epoch
"""
_RENEW = (
    "update leases set until = NOW + :length where name = :name and holder = :holder and epoch = :epoch and until > NOW"
)
_RELEASE = "update leases set until = 0 where name = :name and holder = :holder and epoch = :epoch"


class Lease(msgspec.Struct, frozen=True):
    """A lease that was held when it was got. `epoch` rises with every acquisition and never repeats."""

    name: str
    holder: str
    epoch: int


class Leases:
    """The leases of one database."""

    def __init__(self, database: Database, holder: str = "") -> None:
        self.holder = holder or uuid.uuid4().hex
        self._database = database
        self._now = _NOW[database.dialect]

    async def acquire(self, name: str, seconds: float) -> Lease | None:
        """The lease under a new epoch, None while somebody else holds it."""
        async with self._database.write() as connection:
            values = {"name": name, "holder": self.holder, "length": _microseconds(seconds)}
            epoch = await connection.scalar(self._sql(_ACQUIRE), values)
        return None if epoch is None else Lease(name, self.holder, epoch)

    async def renew(self, lease: Lease, seconds: float) -> bool:
        """Hold it for `seconds` from now. False: it ran out or somebody else holds it, and it stays lost."""
        async with self._database.write() as connection:
            values = {**msgspec.structs.asdict(lease), "length": _microseconds(seconds)}
            return (await connection.execute(self._sql(_RENEW), values)).rowcount == 1

    async def release(self, lease: Lease) -> None:
        """Give it up now, so that nobody waits for it to run out."""
        async with self._database.write() as connection:
            await connection.execute(self._sql(_RELEASE), msgspec.structs.asdict(lease))

    async def held(self, name: str) -> bool:
        """Whether somebody holds it now."""
        async with self._database.read() as connection:
            held = await connection.scalar(
                self._sql("select 1 from leases where name = :name and until > NOW"), {"name": name}
            )
        return held is not None

    def _sql(self, statement: str) -> sa.TextClause:
        return sa.text(statement.replace("NOW", self._now))


class Component(Protocol):
    """Something that runs until it is cancelled."""

    @property
    def name(self) -> str:
        """For logs and health."""
        ...

    async def run(self) -> None:
        """Work until cancelled."""
        ...


class Leader:
    """Runs components only while this process holds the lease.

    Args:
        components: made anew for each time of leading; gets the epoch.
        seconds: how long a lease lasts; it is renewed three times as often. Failover takes up to this long.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        components: Callable[[int], Iterable[Component]],
        *,
        seconds: float = 10.0,
        holder: str = "",
    ) -> None:
        self.name = f"{name}-leader"
        self.epoch: int | None = None
        self._lease_name = name
        self._leases = Leases(database, holder)
        self._components = components
        self._seconds = seconds

    @property
    def leading(self) -> bool:
        """Whether the components run here now."""
        return self.epoch is not None

    async def run(self) -> None:
        """Try to lead until cancelled. What a component raises is raised here, after the lease was given up."""
        while True:
            lease = await self._acquire()
            if lease is None:
                await asyncio.sleep(self._seconds / 3)
                continue
            try:
                await self._lead(lease)
            finally:
                self.epoch = None
                with suppress(Exception):
                    await self._leases.release(lease)

    async def _acquire(self) -> Lease | None:
        try:
            return await self._leases.acquire(self._lease_name, self._seconds)
        except Exception:
            _log.warning("%s cannot reach its lease", self.name, exc_info=True)
            return None

    async def _lead(self, lease: Lease) -> None:
        self.epoch = lease.epoch
        _log.info("%s leads in epoch %s", self.name, lease.epoch)
        tasks = [asyncio.create_task(each.run(), name=each.name) for each in self._components(lease.epoch)]
        keeping = asyncio.create_task(self._keep(lease), name=self.name)
        try:
            done, _ = await asyncio.wait({keeping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel([keeping, *tasks])
        for task in done - {keeping}:
            task.result()
        _log.info("%s no longer leads in epoch %s", self.name, lease.epoch)

    async def _keep(self, lease: Lease) -> None:
        """Return when the lease is lost, or when it could not be renewed for as long as it lasts."""
        renewed = time.monotonic()
        while time.monotonic() - renewed < self._seconds:
            await asyncio.sleep(self._seconds / 3)
            started = time.monotonic()
            try:
                async with asyncio.timeout(self._seconds / 3):
                    if not await self._leases.renew(lease, self._seconds):
                        return
                renewed = started
            except Exception:
                _log.warning("%s cannot renew its lease", self.name, exc_info=True)


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    waiting = list(tasks)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


def _microseconds(seconds: float) -> int:
    return int(seconds * 1_000_000)
