"""What was to be said 30 and 180 days before, kept while nothing as old arrives: the signals that compare need it."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

import msgspec

from services.scoring.calendar import day_of, last_instant
from services.scoring.delta import later, parts
from services.scoring.earlier import earlier
from services.scoring.policy import Policy
from services.scoring.refold import Refold
from services.scoring.signals import Earlier
from services.scoring.subjects import Subject, Subjects
from shared.auth import WHOLE_BANK
from shared.envelope import Envelope
from shared.feed import Delivery

LIMIT = 100_000


class Learnt(msgspec.Struct, frozen=True):
    """What was to be said of earlier days, as seen from the local day `day`, about these customers as one.

    `positioned` tells how often reading had begun anew: in between another worker may have folded what changes it.
    """

    day: int
    positioned: int
    members: list[str]
    earlier: Earlier


class Comparison:
    """A bounded cache beside the assessor. What it does not know it queues, to be learnt when there is time."""

    def __init__(
        self,
        subjects: Subjects,
        refold: Refold,
        policy: Policy,
        today: Callable[[], date],
        positioned: Callable[[], int] = lambda: 0,
    ) -> None:
        self._subjects = subjects
        self._refold = refold
        self._policy = policy
        self._today = today
        self._positioned = positioned
        self._known: OrderedDict[str, Learnt] = OrderedDict()
        self._queue: dict[str, None] = {}

    def arrived(self, deliveries: Iterable[Delivery]) -> None:
        """Events came in: those that say something of 30 days ago or before make what was learnt wrong."""
        cut = last_instant(self._day() - self._policy.signals.strength_drop_days, self._refold.zone)
        for delivery in deliveries:
            if delivery.key not in self._queue and isinstance(delivery, Envelope) and self._reaches(delivery, cut):
                self._queue[delivery.key] = None

    def earlier(self, subject: Subject) -> Earlier | None:
        """What is known of the subject's earlier days. Until a new day's is learnt, the last one stands.

        After a merge it is learnt anew: the others' past counts for the group from the start.
        """
        learnt = self._known.get(subject.survivor)
        asked = (self._day(), self._positioned(), subject.members)
        if learnt is None or (learnt.day, learnt.positioned, learnt.members) != asked:
            self._queue[subject.survivor] = None
        return learnt.earlier if learnt else None

    def take(self, limit: int) -> list[str]:
        """Some of those who are queued; they leave the queue."""
        taken = [customer for customer, _ in zip(self._queue, range(limit), strict=False)]
        for customer in taken:
            del self._queue[customer]
        return taken

    @property
    def pending(self) -> int:
        """How many are queued."""
        return len(self._queue)

    def put_back(self, customers: Sequence[str]) -> None:
        """Queue customers again."""
        self._queue = dict.fromkeys(customers) | self._queue

    async def learn(self, subject: Subject) -> None:
        """Assess the subject as of the earlier days, by all that is known now."""
        day, positioned = self._day(), self._positioned()
        history = await self._subjects.history(subject.members, WHOLE_BANK)
        told = earlier(history, self._policy, self._refold, day, subject.survivor)
        self._known[subject.survivor] = Learnt(day, positioned, subject.members, told)
        self._known.move_to_end(subject.survivor)
        if len(self._known) > LIMIT:
            self._known.popitem(last=False)

    def _day(self) -> int:
        return day_of(self._today())

    def _reaches(self, envelope: Envelope, cut: datetime) -> bool:
        try:
            return any(not later(part.moment, cut, self._refold) for part in parts(envelope, self._refold))
        except Exception:
            # The projector parks such an event, so it changes no evidence.
            return False
