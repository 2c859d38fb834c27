"""The HTTP routes of the interaction service."""

from services.interaction.api import feedback, interactions, promises, ratings
from services.interaction.contract import LOG
from shared.web.internal import internal

ROUTERS = (
    interactions.routes,
    promises.routes,
    ratings.routes,
    feedback.routes,
    internal(LOG, LOG, "interaction_views", "interaction_directory"),
)
