"""Keeps every customer's assessment up to date: after their events, at local midnight, and under a new policy."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date

import msgspec

from services.scoring.answers import relationship
from services.scoring.assess import Assessment, assess
from services.scoring.calendar import day_of
from services.scoring.comparison import Comparison
from services.scoring.policy import Policy
from services.scoring.projection import EVIDENCE
from services.scoring.signals import Earlier
from services.scoring.subjects import Subject, Subjects
from services.scoring.tables import AssessmentRow, Assessments
from shared.feed import Delivery
from shared.projection_store import RowKey

_log = logging.getLogger("guanxi.assessor")

PAGE = 50
BUSY_PERIOD = 1.0
IDLE = 1.0


class Counters(msgspec.Struct):
    """Numbers since the start, for metrics."""

    assessed: int = 0
    failed: int = 0


class Assessor:
    """A component. Assessments are derived: whatever is missed here is found again at the next start.

    Args:
        publish: tells the world about fresh assessments; its failure is retried with the batch.
        backlog: customers whose evidence is newer than their assessment.
        mine: whether a customer belongs to this worker's partitions.
        busy: whether events still wait to be folded; then assessing waits, since more of the same would follow.
        today: the local day.
    """

    name = "assessor"

    def __init__(
        self,
        subjects: Subjects,
        assessments: Assessments,
        policy: Policy,
        comparison: Comparison,
        publish: Callable[[Sequence[Assessment]], Awaitable[None]],
        backlog: Callable[[], AsyncIterator[str]],
        *,
        mine: Callable[[str], bool],
        busy: Callable[[], bool],
        today: Callable[[], date],
    ) -> None:
        self.counters = Counters()
        self._subjects = subjects
        self._assessments = assessments
        self._policy = policy
        self._comparison = comparison
        self._publish = publish
        self._backlog = backlog
        self._mine = mine
        self._busy = busy
        self._today = today
        self._due: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._swept: date | None = None

    def touched(self, rows: Sequence[RowKey], deliveries: Sequence[Delivery]) -> None:
        """The projector's `on_saved`: these customers have new evidence."""
        self._comparison.arrived(deliveries)
        for view, customer in rows:
            if view == EVIDENCE:
                self._due[customer] = None
        self._wake.set()

    async def run(self) -> None:
        """Assess until cancelled; errors of the infrastructure are retried."""
        async for customer in self._backlog():
            if self._mine(customer):
                self._due[customer] = None
        while True:
            started = time.monotonic()
            try:
                worked = await self._turn()
            except Exception:
                _log.warning("assessing failed and is tried again", exc_info=True)
                await asyncio.sleep(IDLE)
                continue
            if not worked:
                await self._sleep()
            elif self._busy():
                await asyncio.sleep(max(0.0, BUSY_PERIOD - (time.monotonic() - started)))
            else:
                await asyncio.sleep(0)

    async def _turn(self) -> bool:
        """One page of the most urgent work; False when there is none."""
        if self._due:
            return await self._page([customer for customer, _ in zip(list(self._due), range(PAGE), strict=False)])
        if self._swept != self._today():
            return await self._sweep()
        return await self._compare(self._comparison.take(PAGE // 10))

    async def _page(self, customers: Sequence[str]) -> bool:
        for customer in customers:
            del self._due[customer]
        try:
            await self._assess(await self._subjects.find(customers))
        except BaseException:
            self._due = dict.fromkeys(customers) | self._due
            raise
        return True

    async def _sweep(self) -> bool:
        """Everybody whose assessment is of an earlier day or another policy becomes due."""
        today, after = self._today(), ""
        while page := await self._assessments.outdated(day_of(today), self._policy.version, after, PAGE * 10):
            self._due |= dict.fromkeys(filter(self._mine, page))
            after = page[-1]
        self._swept = today
        return True

    async def _assess(self, subjects: Sequence[Subject]) -> None:
        rows: list[AssessmentRow] = []
        assessed: list[Assessment] = []
        for subject in subjects:
            try:
                earlier = self._comparison.earlier(subject)
                assessment = assess(subject.evidence, self._policy, day_of(self._today()), subject.survivor, earlier)
                rows.extend(_rows(subject, assessment, earlier))
            except Exception:
                # One customer's defect must not keep the others from being assessed.
                self.counters.failed += 1
                _log.exception("an assessment failed")
                continue
            if assessment.profile.institution:
                assessed.append(assessment)
            await asyncio.sleep(0)
        await self._assessments.save(rows)
        await self._publish(assessed)
        self.counters.assessed += len(assessed)

    async def _compare(self, customers: Sequence[str]) -> bool:
        """Learn what was to be said of earlier days, and assess again so that it is shown."""
        try:
            for subject in await self._subjects.find(customers):
                await self._comparison.learn(subject)
                await asyncio.sleep(0)
            await self._assess(await self._subjects.find(customers))
        except BaseException:
            self._comparison.put_back(customers)
            raise
        return bool(customers)

    async def _sleep(self) -> None:
        """Until a customer is touched, or a moment: the local day may have changed."""
        self._wake.clear()
        if self._due:
            return
        try:
            async with asyncio.timeout(IDLE):
                await self._wake.wait()
        except TimeoutError:
            return


def _rows(subject: Subject, assessment: Assessment, earlier: Earlier | None) -> list[AssessmentRow]:
    """A row for each member: who asks for one of them gets the group's answer."""
    profile = assessment.profile
    if not profile.institution:
        return []
    before = earlier.strength if earlier else None
    return [
        AssessmentRow(
            customer=member,
            institution=profile.institution,
            tier=profile.tier,
            manager=profile.managers.get("relationship_manager", ""),
            strength=assessment.strength,
            change=None if before is None else assessment.strength - before,
            day=assessment.day,
            policy=assessment.policy,
            revision=revision,
            body=relationship(
                assessment, members=subject.members, before=before, positions=subject.seen[member], revision=revision
            )
            .model_dump_json()
            .encode(),
        )
        for member, revision in subject.revisions.items()
    ]
