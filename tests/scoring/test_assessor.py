"""The assessor keeps up: after restarts, rebalances and unknown outcomes, and new events come first."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from msgspec.structs import replace

from services.complaint import contract as complaint
from services.customer import contract as customer
from services.interaction import contract as interaction
from services.scoring import contract
from services.scoring.assess import Assessment, assess
from services.scoring.assessor import PAGE, Assessor
from services.scoring.backlog import backlog
from services.scoring.calendar import day_of
from services.scoring.comparison import Comparison
from services.scoring.contributions import POINT
from services.scoring.earlier import earlier
from services.scoring.policy_document import default_policy
from services.scoring.projection import EVIDENCE, evidence_projection
from services.scoring.publisher import RelationshipPublisher
from services.scoring.subjects import Subjects
from services.scoring.tables import AssessmentRow, Assessments
from shared.auth import WHOLE_BANK
from shared.codec import Codec
from shared.committer import Committer
from shared.database import Database
from shared.envelope import Envelope
from shared.execute import Executor
from shared.log import LogUnavailable
from shared.log_memory import MemoryEventLog
from shared.projection_sqlite import SqliteProjectionStore
from shared.projection_store import Change
from shared.projector import Limits, Projector
from shared.views import ViewStore
from support.events import ZONE, History
from support.scripted_feed import ScriptedFeed

DAY = date(2026, 6, 30)
POLICY = default_policy()
CODEC = Codec([customer, interaction, complaint])
REFOLD = POLICY.refold(str(ZONE))
PROJECTION = evidence_projection(REFOLD)


class Store(SqliteProjectionStore):
    """Answers with an error after a commit, as often as `lost` says."""

    lost = 0

    async def save(self, change: Change) -> bool:
        saved = await super().save(change)
        if change.rows and self.lost:
            self.lost -= 1
            raise LogUnavailable("the answer was lost")
        return saved


class Scoring:
    """A worker on one database, with a feed of the test's own."""

    def __init__(self, database: Database, customers: Iterable[str]) -> None:
        self.feed = ScriptedFeed({0: []})
        self._events = 0
        for key in customers:
            self.record(key, lambda history: history.register(date(2025, 1, 1)))
        self.store = Store(PROJECTION, database)
        self.subjects = Subjects(self.store, ViewStore(PROJECTION, database), CODEC)
        self.assessments = Assessments(database, PROJECTION.version)
        self.told: list[str] = []
        self.today = DAY
        self._database = database

    def record(self, key: str, tell: Callable[[History], Envelope]) -> None:
        """One more event of a customer."""
        self._events += 1
        self.feed.partitions[0].append(replace(tell(History(key)), position=self._events))

    def meet(self, key: str) -> None:
        self.record(key, lambda history: history.contact(date(2026, 6, 27), "counter"))

    def worker(
        self, publish: Callable[[Sequence[Assessment]], Awaitable[None]] | None = None
    ) -> list[asyncio.Task[None]]:
        assessor = Assessor(
            self.subjects,
            self.assessments,
            POLICY,
            Comparison(self.subjects, REFOLD, POLICY, lambda: self.today),
            publish or self._tell,
            lambda: backlog(PROJECTION, EVIDENCE, self._database, self.assessments),
            mine=lambda _: bool(self.feed.assigned()),
            busy=lambda: False,
            positioned=lambda: projector.metrics.positioned,
            today=lambda: self.today,
        )
        limits = Limits(wait=0.01)
        projector = Projector(PROJECTION, self.store, self.feed, CODEC, limits=limits, on_saved=assessor.touched)
        return [asyncio.create_task(projector.run()), asyncio.create_task(assessor.run())]

    async def fold(self) -> None:
        """Fold everything without assessing anything, as a process does that is killed before it could."""
        projector = Projector(PROJECTION, self.store, self.feed, CODEC)
        while await projector.step():
            pass
        await self.feed.stop()

    async def _tell(self, assessed: Sequence[Assessment]) -> None:
        self.told += [assessment.customer for assessment in assessed]

    async def compared(self, key: str) -> AssessmentRow:
        """The customer's row once it is compared with 30 days before."""
        async with asyncio.timeout(10):
            while True:
                row = (await self.assessments.get([key], WHOLE_BANK)).get(key)
                if row is not None and row.change is not None:
                    return row
                await asyncio.sleep(0.01)

    async def assessed(self, key: str, revision: int) -> None:
        """Return when the customer's assessment has seen this revision of the evidence."""
        async with asyncio.timeout(10):
            while (await self.assessments.revisions([key])).get(key) != revision:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def scoring(tmp_path: Path, *customers: str) -> AsyncIterator[Scoring]:
    database = Database.open(f"sqlite:///{tmp_path}/scoring.db")
    world = Scoring(database, customers)
    await world.store.prepare()
    await world.assessments.prepare()
    yield world
    await database.close()


@asynccontextmanager
async def working(
    world: Scoring, publish: Callable[[Sequence[Assessment]], Awaitable[None]] | None = None
) -> AsyncIterator[None]:
    tasks = world.worker(publish)
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_was_folded_before_a_restart_is_assessed_when_partitions_come_late(tmp_path: Path) -> None:
    async with scoring(tmp_path, "cus_1") as world:
        await world.fold()
        world.feed.assign(set())
        async with working(world):
            await asyncio.sleep(0.1)
            world.feed.assign({0})
            await world.assessed("cus_1", 1)


async def test_a_batch_whose_outcome_was_lost_is_assessed(tmp_path: Path) -> None:
    async with scoring(tmp_path, "cus_1") as world, working(world):
        await world.assessed("cus_1", 1)
        world.store.lost = 1
        world.meet("cus_1")
        await world.assessed("cus_1", 2)


async def test_a_new_day_assesses_everybody(tmp_path: Path) -> None:
    async with scoring(tmp_path, "cus_1", "cus_2") as world:
        async with working(world):
            await world.assessed("cus_2", 1)
            world.today = date(2026, 7, 1)
            async with asyncio.timeout(10):
                while world.told.count("cus_1") < 2 or world.told.count("cus_2") < 2:
                    await asyncio.sleep(0.01)
        rows = await world.assessments.get(["cus_1", "cus_2"], WHOLE_BANK)
        assert len({row.day for row in rows.values()}) == 1


async def test_new_events_do_not_wait_behind_everybody(tmp_path: Path) -> None:
    crowd = [f"cus_{number}" for number in range(1_000, 1_000 + PAGE * 12)]
    async with scoring(tmp_path, *crowd) as world:
        await world.fold()
        last = crowd[-1]
        async with working(world):
            async with asyncio.timeout(10):
                while len(world.told) < PAGE:
                    await asyncio.sleep(0)
            world.meet(last)
            await world.assessed(last, 2)
            assert len(world.told) < len(crowd) - PAGE


async def test_a_publication_that_death_prevented_is_made_by_the_next_life(tmp_path: Path) -> None:
    async def dies(assessed: Sequence[Assessment]) -> None:
        if assessed:
            reached.set()
            await asyncio.Event().wait()

    async with scoring(tmp_path, "cus_1") as world:
        reached = asyncio.Event()
        async with working(world, dies):
            await asyncio.wait_for(reached.wait(), 10)
        async with working(world):
            async with asyncio.timeout(10):
                while "cus_1" not in world.told:
                    await asyncio.sleep(0.01)


async def test_one_customer_s_defect_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    async def refuses(assessed: Sequence[Assessment]) -> None:
        if any(assessment.customer == "cus_1" for assessment in assessed):
            raise RuntimeError("a defect")

    async with scoring(tmp_path, "cus_1", "cus_2") as world:
        async with working(world, refuses):
            await world.assessed("cus_2", 1)
        assert await world.assessments.revisions(["cus_1"]) == {}


async def test_after_a_merge_the_others_past_is_compared_with_as_well(tmp_path: Path) -> None:
    async with scoring(tmp_path, "cus_1", "cus_2") as world, working(world):
        for _ in range(3):
            world.record("cus_2", lambda history: history.contact(date(2026, 5, 1), "counter"))
        await world.compared("cus_1")
        merged, absorbed = customer.CustomerMerged("cus_1", "cus_2"), customer.CustomerAbsorbed("cus_2", "cus_1")
        world.record("cus_1", lambda history: history.add(merged, world.today, "customer-cus_1"))
        world.record("cus_2", lambda history: history.add(absorbed, world.today, "customer-cus_2"))
        await world.assessed("cus_1", 2)
        history = await world.subjects.history(["cus_1", "cus_2"], WHOLE_BANK)
        before = earlier(history, POLICY, REFOLD, day_of(world.today), "cus_1").strength
        assert before is not None
        async with asyncio.timeout(5):
            while (row := await world.compared("cus_1")).change != row.strength - before:
                await asyncio.sleep(0.01)


async def test_what_another_worker_told_meanwhile_is_not_taken_for_what_was_told_here(tmp_path: Path) -> None:
    codec, log = Codec([contract]), MemoryEventLog(contract.LOG)
    committer = Committer(log)
    running = asyncio.create_task(committer.run())
    epoch = 1
    here = RelationshipPublisher(Executor(log, codec, committer), POLICY.publish_step, lambda: epoch)
    there = RelationshipPublisher(Executor(log, codec, committer), POLICY.publish_step)
    at = datetime(2026, 6, 30, tzinfo=UTC)
    async with scoring(tmp_path, "cus_1") as world:
        await world.fold()
        (subject,) = await world.subjects.find(["cus_1"])
    once = assess(subject.evidence, POLICY, day_of(DAY), "cus_1", None)
    other = replace(once, strength=once.strength + 10 * POINT)
    await here.publish([once], at)
    await there.publish([other], at)
    epoch = 2
    await here.publish([once], at)
    strengths = [codec.decode(record).data.strength for record in await log.read(0, 9) if "assessed" in record.type]
    assert strengths == [once.strength, other.strength, once.strength]
    running.cancel()


async def test_a_backlog_is_worked_off_while_events_keep_coming(tmp_path: Path) -> None:
    crowd = [f"cus_{number}" for number in range(1_000, 1_400)]
    async with scoring(tmp_path, *crowd) as world, working(world):
        await world.assessed(crowd[-1], 1)
        for key in crowd[:200]:
            world.meet(key)
        for key in crowd[200:-1]:
            await asyncio.sleep(0.01)
            world.meet(key)
        coming = asyncio.create_task(keep_meeting(world, crowd[:-1]))
        world.meet(crowd[-1])
        async with asyncio.timeout(2.5):
            await world.assessed(crowd[-1], 2)
        coming.cancel()


async def keep_meeting(world: Scoring, crowd: Sequence[str]) -> None:
    for key in crowd:
        await asyncio.sleep(0.01)
        world.meet(key)
