"""Keeps every customer's assessment up to date: after their events, at local midnight, and under a new policy."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date
from itertools import islice
from typing import Any

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
from shared.outages import passing
from shared.projection_store import RowKey

_log = logging.getLogger("guanxi.assessor")

PAGE = 50
NEGLECTED = 10
"""So many of a page are kept for customers without new events, so that a busy day does not starve them."""
BUSY_PERIOD = 1.0
IDLE = 1.0
SEARCH_EVERY = 300.0
"""Seconds between searches when nothing asks for one: what another process folded (a retried key) is found so."""


class Counters(msgspec.Struct):
    """Numbers since the start, for metrics."""

    assessed: int = 0
    failed: int = 0


class Assessor:
    """A component. Assessments are derived: whatever is missed here is found again by a search.

    Customers with new events come first. A search finds the others: those whose evidence is newer than their
    assessment, and those whose assessment is of an earlier day or another policy. It begins anew whenever reading does
    (at the start, after a rebalance, after a batch whose outcome is not known) and with every day.

    Args:
        publish: tells the world about fresh assessments; its failure is retried with the batch.
        backlog: customers whose evidence is newer than their assessment.
        mine: whether a customer belongs to this worker's partitions.
        busy: whether events still wait to be folded; then assessing waits, since more of the same would follow.
        positioned: how often reading began anew, 0 before partitions are assigned.
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
        positioned: Callable[[], int],
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
        self._positioned = positioned
        self._today = today
        self._due: dict[str, None] = {}
        self._found: asyncio.Queue[str] = asyncio.Queue(PAGE * 10)
        self._wake = asyncio.Event()
        self._in_hand = 0
        self._searching = True
        self._touched = 0
        self._flood = (0, time.monotonic())

    @property
    def pending(self) -> int:
        """How many customers are still to be assessed or compared with earlier days, those in hand included.

        At least 1 while a search for them goes on.
        """
        waiting = self._in_hand + len(self._due) + self._found.qsize() + self._comparison.pending
        return max(waiting, int(self._searching))

    def touched(self, rows: Sequence[RowKey], deliveries: Sequence[Delivery]) -> None:
        """The projector's `on_saved`: these customers have new evidence."""
        self._comparison.arrived(deliveries)
        for view, customer in rows:
            if view == EVIDENCE:
                self._due[customer] = None
                self._touched += 1
        self._wake.set()

    async def run(self) -> None:
        """Assess until cancelled; errors of the infrastructure are retried."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._search())
            group.create_task(self._work())

    async def _work(self) -> None:
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
            elif self._flooded(time.monotonic() - started) or self._busy():
                await asyncio.sleep(max(0.0, BUSY_PERIOD - (time.monotonic() - started)))
            else:
                await asyncio.sleep(0)

    def _flooded(self, spent: float) -> bool:
        """Whether more customers are touched than can be assessed, by the last page: most will be again in a moment.

        A backlog alone is no flood: holding back then would keep it for as long as events come.
        """
        (touched, before), now = self._flood, time.monotonic()
        self._flood = self._touched, now
        arriving = (self._touched - touched) / max(now - before, 0.001)
        return len(self._due) > PAGE and arriving > PAGE / max(spent, 0.001)

    async def _search(self) -> None:
        searched, begun = (0, self._today()), 0.0
        while True:
            wanted, now = (self._positioned(), self._today()), time.monotonic()
            if wanted[0] and (wanted != searched or now - begun > SEARCH_EVERY):
                try:
                    async for customer in self._neglected(wanted[1]):
                        await self._found.put(customer)
                        self._wake.set()
                    searched, begun = wanted, now
                    self._searching = False
                except Exception:
                    _log.warning("the search for outdated assessments failed and is tried again", exc_info=True)
            await asyncio.sleep(IDLE)

    async def _neglected(self, today: date) -> AsyncIterator[str]:
        async for customer in self._backlog():
            if self._mine(customer):
                yield customer
        after = ""
        while page := await self._assessments.outdated(day_of(today), self._policy.version, after, PAGE * 10):
            for customer in filter(self._mine, page):
                yield customer
            after = page[-1]

    async def _turn(self) -> bool:
        """One page of the most urgent work; False when there is none."""
        page = self._next()
        compared = [] if page else self._comparison.take(PAGE // 10)
        self._in_hand = len(page) + len(compared)
        try:
            if page:
                await self._page(page)
                return True
            return await self._compare(compared)
        finally:
            self._in_hand = 0

    def _next(self) -> list[str]:
        """Customers with new events, oldest first, and some of those that a search found."""
        page = dict.fromkeys(islice(self._due, PAGE - NEGLECTED))
        while len(page) < PAGE and not self._found.empty():
            page[self._found.get_nowait()] = None
        for customer in page:
            self._due.pop(customer, None)
        return list(page)

    async def _page(self, customers: Sequence[str]) -> None:
        try:
            await self._assess(await self._subjects.find(customers))
        except BaseException as error:
            if await self._apart(error, customers, self._page):
                return
            self._due = dict.fromkeys(customers) | self._due
            raise

    async def _apart(
        self, error: BaseException, customers: Sequence[str], work: Callable[[Sequence[str]], Awaitable[Any]]
    ) -> bool:
        """One customer's defect must not keep the others from being assessed; a search will find it again.

        False for what is nobody's defect: then all of them are to be tried again.
        """
        if passing(error) or not isinstance(error, Exception):
            return False
        if len(customers) == 1:
            self.counters.failed += 1
            _log.error("an assessment failed", exc_info=error)
            return True
        for customer in customers:
            await work([customer])
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
        # Told first: who dies in between tells it again, which says nothing new; the other way round it would be lost.
        await self._publish(assessed)
        await self._assessments.save(rows)
        self.counters.assessed += len(assessed)

    async def _compare(self, customers: Sequence[str]) -> bool:
        """Learn what was to be said of earlier days, and assess again so that it is shown."""
        try:
            for subject in await self._subjects.find(customers):
                await self._comparison.learn(subject)
                await asyncio.sleep(0)
            await self._assess(await self._subjects.find(customers))
        except BaseException as error:
            if not await self._apart(error, customers, self._compare):
                self._comparison.put_back(customers)
                raise
        return bool(customers)

    async def _sleep(self) -> None:
        """Until a customer is touched, or a moment: the local day may have changed."""
        self._wake.clear()
        if self._due or not self._found.empty():
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
            institution=subject.homes[member],
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
