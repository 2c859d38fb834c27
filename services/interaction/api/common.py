"""What every route of the interaction service shares: id types, scopes, and how a command becomes an intent."""

from functools import partial
from typing import Annotated

from fastapi import Depends, Security

from services.interaction import feedback, interaction, promise, routing
from services.interaction.contract import LOG
from services.interaction.service import InteractionService
from shared.execute import Target
from shared.web import Call, Read, call, identifier, read, serving
from shared.web.resources import intended

Interactions = Annotated[InteractionService, Depends(serving("interaction"))]
CustomerId = Annotated[str, identifier("cus")]
InstitutionId = Annotated[str, identifier("ins")]
InteractionId = Annotated[str, identifier("int")]
PromiseId = Annotated[str, identifier("prm")]
RatingId = Annotated[str, identifier("rtg")]

Recording = Annotated[Call, Security(call, scopes=["interactions:write"])]
Promising = Annotated[Call, Security(call, scopes=["promises:write"])]
Rating = Annotated[Call, Security(call, scopes=["ratings:write"])]
Reading = Annotated[Read, Security(read, scopes=["interactions:read"])]

TOPIC = LOG
PERSONAL = "customers:pii"


def interaction_target(interaction_id: str) -> Target:
    return Target(f"interaction-{interaction_id}", interaction.decider, interaction.owner)


def promise_target(promise_id: str) -> Target:
    return Target(f"promise-{promise_id}", promise.decider, promise.owner)


def feedback_target(kind: str, identity: str) -> Target:
    return Target(f"{kind}-{identity}", feedback.decider, feedback.owner)


intent = partial(intended, routing.ROUTES)
"""`intent(target, decide, *arguments, at=…)`: the decision as the executor runs it."""
