"""Who says nothing to the outcome for two weeks has given no answer."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from services.complaint import complaint, ending, routing
from services.complaint.views import COMPLAINTS
from services.complaint.views.complaints import ComplaintRow, ranks
from shared.auth import WHOLE_BANK
from shared.decider import Fact
from shared.envelope import Meta
from shared.execute import Operation, Request, Target
from shared.sweep import GRACE, Due
from shared.views import ViewStore

PATIENCE = timedelta(days=14)
BY_THE_CLOCK = Meta(actor_id="confirmation-sweep", actor_role="system")


def unanswered_complaints(views: ViewStore) -> Due:
    """The commands that note no answer on every complaint whose outcome was communicated two weeks ago."""

    async def due(now: datetime) -> AsyncIterator[Operation]:
        first, last = ranks("communicated", now - PATIENCE)
        after = None
        while True:
            rows, after = await views.list(
                COMPLAINTS, WHOLE_BANK, first_rank=first, last_rank=last, after=after, limit=100
            )
            for row in rows:
                if row.recorded_at <= now - GRACE:
                    yield unanswered(row)
            if after is None:
                return

    return due


def unanswered(row: ComplaintRow) -> Operation:
    """The command that notes no answer; it conflicts when the complaint has moved on since the row was read."""

    def decide(state: complaint.Complaint) -> list[Fact]:
        return routing.facts(ending.confirm(state, ending.ConfirmComplaint("no_answer")), row.since + PATIENCE)

    target = Target(f"complaint-{row.complaint_id}", complaint.decider)
    return Operation((target,), decide, Request(BY_THE_CLOCK, expected=row.version))
