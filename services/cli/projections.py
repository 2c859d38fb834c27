"""Every projection there is: who keeps it, from which logs and topics it is folded, and how its rows tell how far."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from services.cli.options import settings
from services.complaint import contract as complaint
from services.complaint.views import VIEWS as COMPLAINT_VIEWS
from services.customer import contract as customer
from services.customer.views import VIEWS as CUSTOMER_VIEWS
from services.directory import directory
from services.interaction import contract as interaction
from services.interaction.views import VIEWS as INTERACTION_VIEWS
from services.scoring import contract as relationship
from services.scoring.policy_document import default_policy
from services.scoring.projection import evidence_projection
from shared.codec import Codec
from shared.projection import Projection

SOURCES = (customer, interaction, complaint)
LOGS = {
    customer.LOG: "customer",
    interaction.LOG: "interaction",
    complaint.LOG: "complaint",
    relationship.LOG: "scoring",
}
"""Each log and the service that has it."""


class Kept(msgspec.Struct, frozen=True):
    """A projection of a service. `topics` are those that it reads where there is Kafka; none for its own log."""

    service: str
    projection: Projection
    logs: tuple[str, ...]
    topics: tuple[str, ...] = ()
    row_seen: Callable[[Any], Mapping[str, int]] | None = None


def codec() -> Codec:
    """Knows every event of every service."""
    return Codec([customer, interaction, complaint, relationship])


def projections() -> list[Kept]:
    """All of them, in the versions of this code, this time zone and this policy."""
    evidence = evidence_projection(default_policy().refold(settings().timezone))
    sources = tuple(source.LOG for source in SOURCES)
    topics = tuple(dict.fromkeys(topic for source in SOURCES for *_, topic in source.EVENTS))
    return [
        Kept("customer", CUSTOMER_VIEWS, (customer.LOG,)),
        Kept("interaction", INTERACTION_VIEWS, (interaction.LOG,)),
        Kept("interaction", directory(interaction.LOG), (customer.LOG,), (customer.LOG,)),
        Kept("complaint", COMPLAINT_VIEWS, (complaint.LOG,)),
        Kept("complaint", directory(complaint.LOG), (customer.LOG,), (customer.LOG,)),
        Kept("scoring", evidence, sources, topics, lambda row: row.seen),
    ]
