"""Tells the world what an assessment changed, through the log `relationship`."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import reduce

from services.scoring.assess import Assessment
from services.scoring.calendar import date_of
from services.scoring.contract import RelationshipAssessed
from services.scoring.contributions import POINT
from services.scoring.publication import PUBLICATION, Published, decide, evolve, stream
from shared.decider import Fact, Rejected
from shared.envelope import Meta
from shared.execute import Accepted, Executor, Operation, Request, Target

LIMIT = 100_000


class RelationshipPublisher:
    """Remembers what was last published, so that an unchanged relationship costs no look at the log.

    Args:
        step: points by which a strength must move to be told.
        positioned: how often reading began anew. In between another worker may have told more than is remembered.
    """

    def __init__(self, executor: Executor, step: float, positioned: Callable[[], int] = lambda: 0) -> None:
        self._executor = executor
        self._step = round(step * POINT)
        self._positioned = positioned
        self._remembered_at = 0
        self._last: OrderedDict[str, Published] = OrderedDict()

    async def publish(self, assessments: Sequence[Assessment], at: datetime) -> None:
        """Append what is worth telling. A zombie's append conflicts and decides again on what was told meanwhile."""
        if self._remembered_at != (positioned := self._positioned()):
            self._last.clear()
            self._remembered_at = positioned
        observed = [_observed(assessment) for assessment in assessments]
        worth = [event for event in observed if self._worth(event)]
        told: dict[str, Published] = {}
        outcomes = await self._executor.execute_many([self._operation(event, at, told) for event in worth])
        for event, outcome in zip(worth, outcomes, strict=True):
            if isinstance(outcome, Accepted):
                self._remember(event.customer_id, told[event.customer_id])
            elif isinstance(outcome, Rejected):
                raise outcome

    def _worth(self, event: RelationshipAssessed) -> bool:
        last = self._last.get(event.customer_id)
        return last is None or bool(decide(last, event, self._step))

    def _operation(self, event: RelationshipAssessed, at: datetime, told: dict[str, Published]) -> Operation:
        name = stream(event.customer_id)

        def facts(state: Published) -> list[Fact]:
            following = decide(state, event, self._step)
            told[event.customer_id] = reduce(evolve, following, state)
            return [Fact(name, event.customer_id, fact, at) for fact in following]

        meta = Meta(actor_id="scoring", actor_role="system", institution_id=event.institution_id)
        return Operation((Target(name, PUBLICATION),), facts, Request(meta))

    def _remember(self, customer: str, published: Published) -> None:
        self._last[customer] = published
        self._last.move_to_end(customer)
        while len(self._last) > LIMIT:
            self._last.popitem(last=False)


def _observed(assessment: Assessment) -> RelationshipAssessed:
    return RelationshipAssessed(
        customer_id=assessment.customer,
        institution_id=assessment.profile.institution,
        as_of=date_of(assessment.day),
        strength=assessment.strength,
        band=assessment.band,
        satisfaction=round(assessment.satisfaction.score * POINT),
        service_quality=round(assessment.quality.score * POINT),
        bonds={bond.name: bond.points for bond in assessment.bonds},
        policy=assessment.policy,
        relationship_manager=assessment.profile.managers.get("relationship_manager"),
    )
