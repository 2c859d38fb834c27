"""The scoring service put together: the worker folds and assesses, the API answers; `all` does both in one process."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from functools import partial
from typing import Literal

from fastapi import FastAPI

from services.complaint import contract as complaint_contract
from services.customer import contract as customer_contract
from services.directory import Directory
from services.interaction import contract as interaction_contract
from services.scoring import contract
from services.scoring.api import ROUTERS
from services.scoring.assessor import Assessor
from services.scoring.backlog import backlog
from services.scoring.comparison import Comparison
from services.scoring.messages import message
from services.scoring.policy import Policy
from services.scoring.policy_document import default_policy
from services.scoring.projection import EVIDENCE, evidence_projection
from services.scoring.publisher import RelationshipPublisher
from services.scoring.refold import Refold
from services.scoring.relationships import Relationships
from services.scoring.service import ScoringService
from services.scoring.subjects import Subjects
from services.scoring.tables import Assessments
from shared.broadcast import Broadcast
from shared.codec import Contract
from shared.projection import Projection
from shared.publisher import partition_of
from shared.runtime import Settings, host
from shared.runtime.kernel import Kernel
from shared.runtime.resources import Resources
from shared.stores import open_store
from shared.times import local_day

NAME = "scoring"
LIVE_SECONDS = 1.0
"""Events folded sooner after their recording come live; older ones are a backlog, of which more will follow."""
DESCRIPTION = "**scoring**: what it all adds up to: relationship strength, explained to the last event."
SOURCES: tuple[Contract, ...] = (customer_contract, interaction_contract, complaint_contract)
LOGS = tuple(source.LOG for source in SOURCES)
TOPICS = tuple(dict.fromkeys(topic for source in SOURCES for *_, topic in source.EVENTS))
BEHIND = 1.0
"""Seconds of lag from which assessing waits for folding; a steady stream is always some events behind."""

Role = Literal["api", "worker", "all"]


class _Composed(ScoringService):
    def __init__(self, role: Role) -> None:
        super().__init__(NAME, () if role == "worker" else ROUTERS, DESCRIPTION)
        self._role: Role = role

    async def open(self, resources: Resources) -> None:
        policy = default_policy()
        refold = policy.refold(resources.settings.timezone)
        projection = evidence_projection(refold)
        kernel = await Kernel.open(NAME, [contract, *SOURCES], resources)
        self.assessments = Assessments(kernel.database, projection.version)
        await self.assessments.prepare()
        self.views = await kernel.read_views(projection)
        subjects = Subjects(open_store(projection, kernel.database), self.views, kernel.codec)
        if self._role != "api":
            await self._work(kernel, projection, resources.settings, subjects, policy, refold)
        if self._role != "worker":
            self.broadcast = Broadcast(kernel.log, kernel.codec, partial(message, kernel.codec))
            kernel.besides(self.broadcast)
        self.subtree = Directory(self.views).subtree
        self.relationships = Relationships(subjects, self.assessments, self.views, policy, refold, _now)
        kernel.give(self)

    async def _work(
        self,
        kernel: Kernel,
        projection: Projection,
        settings: Settings,
        subjects: Subjects,
        policy: Policy,
        refold: Refold,
    ) -> None:
        def today() -> date:
            return local_day(_now(), settings.zone)

        def pending() -> AsyncIterator[str]:
            return backlog(projection, EVIDENCE, kernel.database, self.assessments)

        def positioned() -> int:
            return kernel.projectors[projection.name].metrics.positioned

        publisher = RelationshipPublisher(kernel.executor, policy.publish_step, positioned)
        assessor = Assessor(
            subjects,
            self.assessments,
            policy,
            Comparison(subjects, refold, policy, today, positioned),
            lambda assessed: publisher.publish(assessed, _now()),
            pending,
            mine=lambda customer: _mine(kernel, settings, customer),
            busy=lambda: kernel.projectors[projection.name].metrics.lag_seconds > LIVE_SECONDS,
            positioned=positioned,
            today=today,
        )
        self.views = await kernel.other_views(projection, *LOGS, topics=TOPICS, on_saved=assessor.touched)
        kernel.besides(assessor)
        self.pending = lambda: assessor.pending


def compose(settings: Settings, role: Role = "all") -> ScoringService:
    """The service; `settings` decide only when it is opened."""
    return _Composed(role)


def create_app(settings: Settings, role: Role = "all") -> FastAPI:
    """The service alone."""
    return host([compose(settings, role)], settings)


def _mine(kernel: Kernel, settings: Settings, customer: str) -> bool:
    """Whether a customer's partition is read here; with log feeds there is but one reader."""
    if settings.kafka is None:
        return True
    assigned = kernel.projectors["evidence"].assigned
    return partition_of(customer.encode(), settings.partitions) in assigned


def _now() -> datetime:
    return datetime.now(UTC)
