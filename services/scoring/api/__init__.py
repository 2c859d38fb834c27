"""The HTTP routes of the scoring service."""

from services.scoring.api import explanations, progress, rankings, relationships, stream
from services.scoring.contract import LOG
from shared.web.internal import internal

ROUTERS = (
    stream.routes,
    rankings.routes,
    explanations.routes,
    relationships.routes,
    progress.routes,
    internal("scoring", LOG, "evidence"),
)
