"""The HTTP routes of the interaction service."""

from services.interaction.api import feedback, interactions, promises, ratings

ROUTERS = (interactions.routes, promises.routes, ratings.routes, feedback.routes)
