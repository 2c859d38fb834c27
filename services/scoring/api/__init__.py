"""The HTTP routes of the scoring service."""

from services.scoring.api import explanations, rankings, relationships, stream

ROUTERS = (stream.routes, rankings.routes, explanations.routes, relationships.routes)
