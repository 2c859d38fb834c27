"""What the routes of the scoring service work with."""

from dataclasses import dataclass, field

from services.scoring.relationships import Relationships
from services.scoring.tables import Assessments
from shared.broadcast import Broadcast
from shared.runtime import Service
from shared.views import ViewStore


@dataclass
class ScoringService(Service):
    """All are there once the service is open. `views` are the evidence and its timeline."""

    relationships: Relationships = field(init=False)
    assessments: Assessments = field(init=False)
    views: ViewStore = field(init=False)
    broadcast: Broadcast = field(init=False)
