"""How much a relationship changed: the strength 30 days before, kept while nothing older arrives."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from services.scoring.as_of import evidence_as_of
from services.scoring.assess import assess
from services.scoring.calendar import day_of
from services.scoring.delta import later, parts
from services.scoring.policy import Policy
from services.scoring.refold import Refold
from services.scoring.subjects import Subject, Subjects
from shared.auth import WHOLE_BANK
from shared.envelope import Envelope
from shared.feed import Delivery
from shared.times import last_moment

LIMIT = 100_000


class Before(msgspec.Struct, frozen=True):
    """The strength at the end of `day`, None where the relationship had not begun by then."""

    day: date
    strength: int | None


class Comparison:
    """A bounded cache beside the assessor. What it does not know it queues, to be learnt when there is time."""

    def __init__(self, subjects: Subjects, refold: Refold, policy: Policy, today: Callable[[], date]) -> None:
        self._subjects = subjects
        self._refold = refold
        self._policy = policy
        self._today = today
        self._known: OrderedDict[str, Before] = OrderedDict()
        self._queue: dict[str, None] = {}

    def arrived(self, deliveries: Iterable[Delivery]) -> None:
        """Events came in: those that say something of 30 days ago or before make what is known there wrong."""
        cut = self._instant(self._day())
        for delivery in deliveries:
            if delivery.key not in self._queue and isinstance(delivery, Envelope) and self._reaches(delivery, cut):
                self._queue[delivery.key] = None

    def change(self, subject: Subject, strength: int) -> int | None:
        """The strength less that of 30 days ago, in 1/10,000 of a point; None where there is nothing to compare with.

        Until a new day's comparison is learnt, the last one stands.
        """
        before = self._known.get(subject.survivor)
        if before is None or before.day != self._day():
            self._queue[subject.survivor] = None
        if before is None or before.strength is None:
            return None
        return strength - before.strength

    def take(self, limit: int) -> list[str]:
        """Some of those who are queued; they leave the queue."""
        taken = [customer for customer, _ in zip(self._queue, range(limit), strict=False)]
        for customer in taken:
            del self._queue[customer]
        return taken

    def put_back(self, customers: Sequence[str]) -> None:
        """Queue customers again."""
        self._queue = dict.fromkeys(customers) | self._queue

    async def learn(self, subject: Subject) -> None:
        """Assess the subject as of the end of the day 30 days ago, by all that is known now."""
        day = self._day()
        history = await self._subjects.history(subject.members, WHOLE_BANK)
        evidence = evidence_as_of(history, self._refold, as_of=self._instant(day))
        assessment = assess(evidence, self._policy, day_of(day), subject.survivor)
        self._known[subject.survivor] = Before(day, assessment.strength if assessment.profile.institution else None)
        self._known.move_to_end(subject.survivor)
        if len(self._known) > LIMIT:
            self._known.popitem(last=False)

    def _day(self) -> date:
        return self._today() - timedelta(days=self._policy.signals.strength_drop_days)

    def _instant(self, day: date) -> datetime:
        return last_moment(day, ZoneInfo(self._refold.zone_name))

    def _reaches(self, envelope: Envelope, cut: datetime) -> bool:
        try:
            return any(not later(part.moment, cut, self._refold) for part in parts(envelope, self._refold))
        except Exception:
            # The projector parks such an event, so it changes no evidence.
            return False
