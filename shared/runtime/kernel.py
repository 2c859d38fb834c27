"""A service's spine: its log with group commit, its views, what it knows of others, and who may run what.

    async def open(self, resources: Resources) -> None:
        kernel = await Kernel.open("interaction", [contract, customer_contract], resources)
        self.executor = kernel.executor
        self.views = await kernel.own_views(VIEWS)                               # folds its own log
        self.directory = Directory(await kernel.other_views(DIRECTORY, "customer"))   # folds another service's topic
        kernel.while_leading(Sweep(…))                                           # one replica at a time
        self.vault = await resources.vault()
        kernel.give(self)                                                        # components and checks

With GUANXI_FEED=log another service's log is read directly; with Kafka its topic is, by every replica a share of the
partitions. One leader per log runs relay, own views and sweeps.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import text

from shared.audit import ProjectionAudit
from shared.codec import Codec, Contract
from shared.committer import Committer
from shared.database import Database
from shared.execute import Executor
from shared.feed import Feed
from shared.feed_kafka import KafkaFeed, group_name
from shared.feed_log import LogFeed
from shared.lease import Leader
from shared.log import EventLog
from shared.migrations import migrated
from shared.parking import Parking
from shared.projection import Projection
from shared.projection_export import ProjectionExport
from shared.projection_store import ProjectionStore
from shared.projector import Limits, Projector
from shared.publisher import Publisher
from shared.relay import Relay, RelayCursor
from shared.runtime.resources import Resources
from shared.runtime.service import Check, Component, Running, Service
from shared.stores import open_store
from shared.topics import Topics, answers
from shared.views import ViewStore

LEASE_SECONDS = 10.0
LIVE = Limits(batch=5_000)
"""Kafka's consumers do nothing else, so they take more at once than a projector that shares its process with HTTP."""


class Kernel:
    """Made by `Kernel.open`. `log`, `codec`, `database`, `executor` and `committer` are there to be used."""

    def __init__(self, name: str, codec: Codec, resources: Resources, log: EventLog, database: Database) -> None:
        self.name = name
        self.codec = codec
        self.log = log
        self.database = database
        self.committer = Committer(log)
        self.executor = Executor(log, codec, self.committer)
        self.audits: dict[str, ProjectionAudit] = {}
        self.projectors: dict[str, Projector] = {}
        self._resources = resources
        self._leading: list[Component] = []
        self._components: list[Component] = [Running(f"{name}-committer", self.committer.run)]
        self._checks: dict[str, Check] = {"database": self._reachable, "migrated": self._migrated}
        if broker := resources.settings.kafka:
            self._checks["broker"] = partial(answers, broker)

    @classmethod
    async def open(cls, name: str, contracts: Sequence[Contract], resources: Resources) -> "Kernel":
        """The kernel of a service. `contracts` are its own, first, and those whose events it reads.

        Its log has the name that its contract says and lies in the service's own database.
        """
        await resources.own(name)
        log = await resources.log(contracts[0].LOG, store=name)
        return cls(name, Codec(contracts), resources, log, await resources.database(name))

    async def own_views(self, projection: Projection, **options: Any) -> ViewStore:
        """Views folded from the service's own log; `options` are the projector's."""
        return await self._views(projection, LogFeed([self.log], self.codec), self._leading, options)

    async def other_views(
        self, projection: Projection, *logs: str, topics: Sequence[str] = (), **options: Any
    ) -> ViewStore:
        """Views folded from what other services publish on `topics`, by default those named like their logs."""
        settings = self._resources.settings
        shorts = topics or logs
        if settings.kafka is None:
            feed: Feed = LogFeed([await self._resources.log(log) for log in logs], self.codec, set(shorts))
            return await self._views(projection, feed, self._leading, options)
        group = group_name(settings.topic_prefix, self.name, projection)
        # A member with a name of its own keeps its partitions over a restart.
        instance = settings.instance or None
        feed = KafkaFeed(settings.kafka, group, self.codec, Topics(settings.topic_prefix), shorts, instance=instance)
        return await self._views(projection, feed, self._components, {"limits": LIVE, **options})

    async def read_views(self, projection: Projection) -> ViewStore:
        """Views that another process folds."""
        await self._store(projection)
        return ViewStore(projection, self.database)

    def besides(self, *components: Component) -> None:
        """Run these on every replica."""
        self._components += components

    def while_leading(self, *components: Component) -> None:
        """Run these on one replica at a time: sweeps and the like."""
        self._leading += components

    def give(self, service: Service) -> None:
        """Hand the components and checks over. Called once, last."""
        relay = self._relay() if self._resources.settings.kafka else None
        service.log = self.log
        service.relay = relay
        service.audits = self.audits
        service.components += [*self._components, self._leader(relay)]
        service.checks |= self._checks

    async def _views(
        self, projection: Projection, feed: Feed, runs: list[Component], options: dict[str, Any]
    ) -> ViewStore:
        store = await self._store(projection)
        projector = Projector(projection, store, feed, self.codec, **options)
        self.projectors[projection.name] = projector
        runs.append(projector)
        self._checks[projector.name] = projector.check
        self._watch(projector)
        return ViewStore(projection, self.database, projector.progress)

    async def _store(self, projection: Projection) -> ProjectionStore:
        """The projection's tables, there and open to audits."""
        store = open_store(projection, self.database)
        await store.prepare()
        export = ProjectionExport(projection, self.database)
        self.audits[projection.name] = ProjectionAudit(projection, store, export, Parking(store, self.codec))
        return store

    def _leader(self, relay: Relay | None) -> Leader:
        def components(epoch: int) -> list[Component]:
            return [*self._leading, *([relay.under(epoch)] if relay else [])]

        # Of a SQLite file there is one process, which need not wait for the lease that it held when it was killed.
        holder = self.name if self.database.dialect == "sqlite" else ""
        return Leader(lease_name(self.name), self.database, components, seconds=LEASE_SECONDS, holder=holder)

    def _relay(self) -> Relay:
        settings = self._resources.settings
        topics = Topics(settings.topic_prefix)

        def connect() -> Publisher:
            return Publisher(settings.kafka or "", self.codec, topics, settings.partitions)

        relay = Relay(self.log, RelayCursor(self.database, lease_name(self.name)), connect)
        watch = self._resources.metrics.watch
        labels = {"log": self.name}
        watch("guanxi_relay_published", "Events published by this process.", labels, lambda: relay.published)
        watch("guanxi_relay_failures", "Times the relay began again.", labels, lambda: relay.failures)
        return relay

    def _watch(self, projector: Projector) -> None:
        watch = self._resources.metrics.watch
        labels = {"service": self.name, "projection": projector.name}
        for name, documentation in _PROJECTOR.items():
            watch(f"guanxi_projection_{name}", documentation, labels, _reader(projector, name))

    async def _reachable(self) -> None:
        async with self.database.read() as connection:
            await connection.execute(text("SELECT 1"))

    async def _migrated(self) -> bool:
        return await migrated(self.database)


def lease_name(service: str) -> str:
    """Whoever holds this lease runs the service's relay, own views and sweeps."""
    return f"{service}-publishing"


_PROJECTOR = {
    "events": "Events folded by this process.",
    "parked": "Events parked by this process.",
    "fenced": "Times another process was first.",
    "errors": "Failed batches.",
    "lag_seconds": "Age of the last folded event when it was folded.",
    "lag_events": "Events not yet folded.",
}


def _reader(projector: Projector, name: str) -> Any:
    return lambda: float(getattr(projector.metrics, name))
