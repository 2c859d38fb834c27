"""All four services in one process, under one base URL: the same code, only nearer to each other."""

from fastapi import FastAPI

from services.complaint import app as complaint
from services.customer import app as customer
from services.interaction import app as interaction
from services.scoring import app as scoring
from shared.runtime import Settings, host


def create_app(settings: Settings) -> FastAPI:
    """One application of all services."""
    services = [each.compose(settings) for each in (customer, interaction, complaint, scoring)]
    return host(services, settings)
