"""Answers about one relationship: as it is, as it was, and why."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from services.scoring.answers import ExplanationOut, RelationshipOut, explanation, relationship
from services.scoring.as_of import evidence_as_of, known
from services.scoring.assess import Assessment, assess
from services.scoring.calendar import local_day
from services.scoring.earlier import earlier
from services.scoring.evidence import Evidence
from services.scoring.explain import explain
from services.scoring.policy import Policy
from services.scoring.refold import Refold
from services.scoring.signals import Earlier
from services.scoring.standing import standing
from services.scoring.subjects import Subjects, group_of
from services.scoring.tables import AssessmentRow, Assessments
from shared.auth import WHOLE_BANK, Scope
from shared.envelope import Envelope
from shared.views import ViewStore
from shared.web import Position, unavailable

PATIENCE = 2.0
POLL = 0.005


class Clocks(msgspec.Struct, frozen=True):
    """The two clocks of a question: what had happened by `as_of`, as far as recorded by `known_at`. None is now."""

    as_of: datetime | None = None
    known_at: datetime | None = None


class _Group(msgspec.Struct, frozen=True):
    """Who is assessed as one, as of the question's clocks, and the revision of the asked customer's evidence."""

    members: list[str]
    survivor: str
    revision: int


class _Positions(msgspec.Struct):
    positions: dict[str, int]


class Relationships:
    """Reads within the caller's scope: whom the scope does not show does not exist."""

    def __init__(
        self,
        subjects: Subjects,
        assessments: Assessments,
        views: ViewStore,
        policy: Policy,
        refold: Refold,
        clock: Callable[[], datetime],
    ) -> None:
        self._subjects = subjects
        self._assessments = assessments
        self._views = views
        self._policy = policy
        self._refold = refold
        self._clock = clock

    async def current(self, customer: str, scope: Scope, positions: Sequence[Position] = ()) -> AssessmentRow | None:
        """The materialised assessment, holding at least `positions`. Raises `Problem` 503 when it does not in time."""
        deadline = time.monotonic() + PATIENCE
        while True:
            row = (await self._assessments.get([customer], scope)).get(customer)
            if _holds(row, positions):
                return row
            if time.monotonic() > deadline:
                raise await self._behind(customer, scope)
            await asyncio.sleep(POLL)

    async def as_of(self, customer: str, scope: Scope, clocks: Clocks) -> RelationshipOut | None:
        """The assessment for the day of `as_of`, folded anew from the timeline."""
        told = await self._told(customer, scope, clocks)
        if told is None:
            return None
        subject, history = told
        assessment, _, before = self._assess(subject, history, clocks)
        if not assessment.profile.institution:
            return None
        return relationship(
            assessment,
            members=subject.members,
            before=before.strength,
            positions=_reached(history, customer, clocks.known_at),
            revision=subject.revision,
            known_at=clocks.known_at,
        )

    async def explanation(self, customer: str, scope: Scope, clocks: Clocks) -> ExplanationOut | None:
        """The assessment with every line's events."""
        told = await self._told(customer, scope, clocks)
        if told is None:
            return None
        subject, history = told
        assessment, evidence, _ = self._assess(subject, history, clocks)
        if not assessment.profile.institution:
            return None
        events = standing(known(history, clocks.known_at), self._refold, clocks.as_of)
        return explanation(assessment, explain(assessment, evidence, self._policy, events), clocks.known_at)

    async def _told(self, customer: str, scope: Scope, clocks: Clocks) -> tuple[_Group, list[Envelope]] | None:
        row = (await self._assessments.get([customer], scope)).get(customer)
        if row is None:
            return None
        # Whoever sees one member of a group gets the group's answer, whichever branches the others belong to.
        ever = await self._subjects.ever(customer)
        history = await self._subjects.history(ever, WHOLE_BANK)
        if len(ever) == 1:
            return _Group(ever, customer, row.revision), history
        evidence = {
            member: evidence_as_of(
                (envelope for envelope in history if envelope.key == member),
                self._refold,
                clocks.as_of,
                clocks.known_at,
            )
            for member in ever
        }
        members, survivor = group_of(customer, evidence)
        return _Group(members, survivor, row.revision), [each for each in history if each.key in members]

    def _assess(
        self, subject: _Group, history: Sequence[Envelope], clocks: Clocks
    ) -> tuple[Assessment, Evidence, Earlier]:
        evidence = evidence_as_of(history, self._refold, clocks.as_of, clocks.known_at)
        day = local_day(clocks.as_of or self._clock(), self._refold.zone)
        before = earlier(history, self._policy, self._refold, day, subject.survivor, clocks.known_at)
        return assess(evidence, self._policy, day, subject.survivor, before), evidence, before

    async def _behind(self, customer: str, scope: Scope) -> Exception:
        # Whoever may not see the customer learns no more than about nobody.
        seen = scope.institutions is None or await self._assessments.get([customer], scope)
        if seen and await self._views.parked(customer):
            return unavailable("customer_parked", "An event of this customer could not be folded and waits.", 60)
        return unavailable("projection_behind", "The assessment has not reached min_position yet.")


def _holds(row: AssessmentRow | None, positions: Sequence[Position]) -> bool:
    if not positions:
        return True
    if row is None:
        return False
    reached = msgspec.json.decode(row.body, type=_Positions).positions
    return all(reached.get(position.channel, 0) >= position.position for position in positions)


def _reached(history: Sequence[Envelope], customer: str, known_at: datetime | None) -> dict[str, int]:
    reached: dict[str, int] = {}
    for envelope in known(history, known_at):
        if envelope.key == customer:
            reached[envelope.channel] = max(envelope.position, reached.get(envelope.channel, 0))
    return dict(sorted(reached.items()))
