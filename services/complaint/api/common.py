"""What every route of the complaint service shares: id types, scopes, and how a command becomes an intent."""

from functools import partial
from typing import Annotated

from fastapi import Depends, Security

from services.complaint import complaint, praise, routing
from services.complaint.contract import LOG
from services.complaint.service import ComplaintService
from shared.execute import Target
from shared.web import Call, Read, call, identifier, read, serving
from shared.web.resources import intended

Complaints = Annotated[ComplaintService, Depends(serving("complaint"))]
CustomerId = Annotated[str, identifier("cus")]
InstitutionId = Annotated[str, identifier("ins")]
ComplaintId = Annotated[str, identifier("cmp")]
PraiseId = Annotated[str, identifier("pra")]

Handling = Annotated[Call, Security(call, scopes=["complaints:write"])]
Deciding = Annotated[Call, Security(call, scopes=["complaints:decide"])]
Reading = Annotated[Read, Security(read, scopes=["complaints:read"])]

TOPIC = LOG
PERSONAL = "customers:pii"


def complaint_target(complaint_id: str) -> Target:
    return Target(f"complaint-{complaint_id}", complaint.decider, complaint.owner)


def praise_target(praise_id: str) -> Target:
    return Target(f"praise-{praise_id}", praise.decider, praise.owner)


intent = partial(intended, routing.ROUTES)
"""`intent(target, decide, *arguments, at=…)`: the decision as the executor runs it."""
