"""On which stream an event is written, and which one key it concerns: the customer, or the anonymous complaint."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from services.complaint import contract as c
from shared import routes
from shared.decider import Fact
from shared.routes import Route

_COMPLAINT = Route("complaint", "complaint_id", ("customer_id", "complaint_id"))

ROUTES: dict[type[Any], Route] = {
    c.ComplaintReceived: _COMPLAINT,
    c.ComplaintAcknowledged: _COMPLAINT,
    c.ComplaintAssessed: _COMPLAINT,
    c.ComplaintAssigned: _COMPLAINT,
    c.ComplaintInvestigationNoted: _COMPLAINT,
    c.ComplaintDecided: _COMPLAINT,
    c.ComplaintCommunicated: _COMPLAINT,
    c.ComplaintConfirmed: _COMPLAINT,
    c.ComplaintClosed: _COMPLAINT,
    c.ComplaintReopened: _COMPLAINT,
    c.ComplaintWithdrawn: _COMPLAINT,
    c.ComplaintReferredExternally: _COMPLAINT,
    c.PraiseRecorded: Route("praise", "praise_id", ("customer_id", "praise_id")),
}


def facts(events: Iterable[Any], occurred_at: datetime) -> list[Fact]:
    """The events of one decision as facts."""
    return routes.facts(ROUTES, events, occurred_at)
