"""Promises whose day is over are broken by the clock."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.interaction import promise, routing
from services.interaction.views import PROMISES
from services.interaction.views.promises import PromiseRow, ranks
from shared.auth import WHOLE_BANK
from shared.decider import Fact
from shared.envelope import Meta
from shared.execute import Operation, Request, Target
from shared.sweep import GRACE, Due
from shared.times import local_day
from shared.views import ViewStore

BY_THE_CLOCK = Meta(actor_id="promise-sweep", actor_role="system")


def overdue_promises(views: ViewStore, zone: ZoneInfo) -> Due:
    """The commands that break every open promise whose due day is over."""

    async def due(now: datetime) -> AsyncIterator[Operation]:
        first, last = ranks("open", local_day(now, zone) - timedelta(days=1))
        after = None
        while True:
            rows, after = await views.list(
                PROMISES, WHOLE_BANK, first_rank=first, last_rank=last, after=after, limit=100
            )
            for row in rows:
                if row.recorded_at <= now - GRACE:
                    yield breaking(row, now, zone)
            if after is None:
                return

    return due


def breaking(row: PromiseRow, now: datetime, zone: ZoneInfo) -> Operation:
    """The command that breaks a promise if it is still open and its day is over."""

    def decide(state: promise.Promise) -> list[Fact]:
        return routing.facts(promise.break_overdue(state, now, zone), now)

    target = Target(f"promise-{row.made.promise_id}", promise.decider)
    return Operation((target,), decide, Request(BY_THE_CLOCK))
