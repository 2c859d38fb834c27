"""The HTTP routes of the scoring service."""

from services.scoring.api import explanations, rankings, relationships, stream
from services.scoring.contract import LOG
from shared.web.internal import internal

ROUTERS = (
    stream.routes,
    rankings.routes,
    explanations.routes,
    relationships.routes,
    internal("scoring", LOG, "evidence"),
)
