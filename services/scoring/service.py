"""What the routes of the scoring service work with."""

from collections.abc import Callable
from dataclasses import dataclass, field

from services.scoring.relationships import Relationships
from services.scoring.tables import Assessments
from shared.broadcast import Broadcast
from shared.runtime import Service
from shared.views import ViewStore


@dataclass
class ScoringService(Service):
    """All are there once the service is open. `views` are the evidence and its timeline.

    `pending` tells how many customers this process has still to assess; None where another one does.
    """

    relationships: Relationships = field(init=False)
    assessments: Assessments = field(init=False)
    views: ViewStore = field(init=False)
    broadcast: Broadcast = field(init=False)
    pending: Callable[[], int] | None = None
