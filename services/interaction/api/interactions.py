"""Routes of contacts: record one or many, correct, void, read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import Response

from services.directory import admit
from services.interaction import interaction
from services.interaction.api.common import (
    PERSONAL,
    TOPIC,
    CustomerId,
    InstitutionId,
    InteractionId,
    Interactions,
    Reading,
    Recording,
    intent,
    interaction_target,
)
from services.interaction.contract import (
    LOG,
    Channel,
    Direction,
    Emotion,
    InteractionRecorded,
    Outcome,
    Purpose,
)
from services.interaction.interaction import CorrectInteraction, VoidInteraction
from services.interaction.service import InteractionService
from services.interaction.views import INTERACTIONS
from services.interaction.views.interactions import InteractionRow
from shared.decider import Rejected
from shared.envelope import Sealed
from shared.execute import AHEAD
from shared.sealing import seal_each
from shared.web import (
    Body,
    BulkLines,
    Call,
    Code,
    Count,
    Cursor,
    Flag,
    Intent,
    Limit,
    Line,
    OccurredAt,
    Page,
    Read,
    Receipt,
    ReferenceIn,
    Text,
    View,
    bulk,
    bulk_route,
    etag,
    found,
    invalid,
    problems,
    router,
)
from shared.web.resources import ReferenceOut, accepted, fresh, identity

routes = router(tags=["interactions"])


class ContactIn(Body):
    """A contact. `message` marks a written one; the institution is the customer's home unless another is named."""

    customer_id: CustomerId
    institution_id: InstitutionId | None = None
    channel: Channel
    direction: Direction
    purpose: Purpose
    outcome: Outcome
    message: Flag = False
    topic: Line | None = None
    counterpart: Code | None = None
    emotion: Emotion | None = None
    employee_id: Code | None = None
    duration_seconds: Count | None = None
    wait_seconds: Count | None = None
    transfers: Count = 0
    first_contact_resolution: Flag | None = None
    task_id: Code | None = None
    campaign_id: Code | None = None
    occurred_at: OccurredAt | None = None


class InteractionIn(ContactIn):
    """A contact to record."""

    reference: ReferenceIn | None = None
    notes: Text | None = None


class CorrectionIn(ContactIn):
    """What really happened, whole; `occurred_at` is when. The notes stay as they were recorded."""

    reason: Line


class VoidingIn(Body):
    reason: Line


class InteractionOut(View):
    """A contact as last corrected. `notes` only for callers who may read personal values."""

    id: str
    customer_id: str
    institution_id: str
    channel: Channel
    direction: Direction
    purpose: Purpose
    outcome: Outcome
    message: bool
    topic: str
    counterpart: str | None
    emotion: Emotion | None
    employee_id: str | None
    duration_seconds: int | None
    wait_seconds: int | None
    transfers: int
    first_contact_resolution: bool | None
    task_id: str | None
    campaign_id: str | None
    notes: str | None
    reference: ReferenceOut | None
    corrections: int
    voided_because: str | None
    occurred_at: datetime
    recorded_at: datetime
    version: int


@routes.post("/v1/interactions", status_code=201, summary="Record a contact", responses=problems(409, 410))
async def record_interaction(body: InteractionIn, call: Recording, interactions: Interactions) -> Receipt:
    (wanted,) = await recordings([body], call, interactions)
    return await call.run(interactions.executor, accepted(wanted), topic=TOPIC, match=False)


@routes.post("/v1/interactions/bulk", summary="Record many contacts", responses=problems(), **bulk_route(InteractionIn))
async def record_interactions(lines: BulkLines, call: Recording, interactions: Interactions) -> Response:
    async def prepare(bodies: Sequence[InteractionIn]) -> list[Intent | Rejected]:
        return await recordings(bodies, call, interactions)

    return await bulk(call, lines, interactions.executor, InteractionIn, prepare, topic=TOPIC)


@routes.post(
    "/v1/interactions/{interaction_id}/correction", summary="Correct a contact", responses=problems(404, 409, 410, 412)
)
async def correct_interaction(
    interaction_id: InteractionId, body: CorrectionIn, call: Recording, interactions: Interactions
) -> Receipt:
    (place,) = await admit(interactions.directory, [body], call.scope)
    command = CorrectInteraction(contact(interaction_id, body, accepted(place)), happened(body, call), body.reason)
    wanted = intent(interaction_target(interaction_id), interaction.correct, command, at=call.now)
    return await call.run(interactions.executor, wanted, topic=TOPIC)


@routes.post("/v1/interactions/{interaction_id}/voiding", summary="Void a contact", responses=problems(404, 409, 412))
async def void_interaction(
    interaction_id: InteractionId, body: VoidingIn, call: Recording, interactions: Interactions
) -> Receipt:
    command = VoidInteraction(body.reason)
    wanted = intent(interaction_target(interaction_id), interaction.void, command, at=call.now)
    return await call.run(interactions.executor, wanted, topic=TOPIC)


@routes.get("/v1/interactions", summary="List contacts, newest first", responses=problems())
async def list_interactions(
    *,
    read: Reading,
    interactions: Interactions,
    customer_id: CustomerId | None = None,
    institution_id: InstitutionId | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[InteractionOut]:
    await fresh(read, interactions.views, LOG)
    rows, after = await interactions.views.list(
        INTERACTIONS,
        read.scope,
        owner=customer_id,
        institution=institution_id,
        after=read.after,
        limit=limit,
        descending=True,
    )
    return Page(items=await shown(rows, read, interactions), next_cursor=read.next_cursor(after))


@routes.get("/v1/interactions/{interaction_id}", summary="Read a contact", responses=problems(404))
async def read_interaction(
    interaction_id: InteractionId, read: Reading, interactions: Interactions, response: Response
) -> InteractionOut:
    await fresh(read, interactions.views, LOG)
    row = found(await interactions.views.get(INTERACTIONS, interaction_id, read.scope))
    response.headers["ETag"] = etag(row.version)
    (item,) = await shown([row], read, interactions)
    return item


async def recordings(
    bodies: Sequence[InteractionIn], call: Call, interactions: InteractionService
) -> list[Intent | Rejected]:
    """One intent per contact; directory and vault are asked once for all."""
    places = await admit(interactions.directory, bodies, call.scope)
    notes = await seal_each(
        interactions.vault,
        [
            None if body.notes is None or isinstance(place, Rejected) else (body.customer_id, "notes", body.notes)
            for body, place in zip(bodies, places, strict=True)
        ],
    )
    return [recording(*each, call) for each in zip(bodies, places, notes, strict=True)]


def recording(
    body: InteractionIn, place: str | Rejected, notes: Sealed | Rejected | None, call: Call
) -> Intent | Rejected:
    """The intent of one contact."""
    if isinstance(place, Rejected):
        return place
    if isinstance(notes, Rejected):
        return notes
    reference = body.reference.value if body.reference else None
    interaction_id = identity("int", call, body.reference)
    recorded = contact(interaction_id, body, place, notes=notes, reference=reference)
    return intent(
        interaction_target(interaction_id),
        interaction.record,
        recorded,
        at=call.occurred_at(body.occurred_at),
        key=call.reference_key("interaction", reference),
    )


def contact(interaction_id: str, body: ContactIn, place: str, **more: Any) -> InteractionRecorded:
    """The body in the published language."""
    fields = body.model_dump(exclude={"reference", "notes", "reason", "occurred_at", "institution_id", "topic"})
    return InteractionRecorded(
        interaction_id=interaction_id, institution_id=place, topic=body.topic or "", **fields, **more
    )


def happened(body: ContactIn, call: Call) -> datetime:
    """When the contact really took place. Raises `Problem` for a time to come."""
    at = call.occurred_at(body.occurred_at)
    if at > call.now + AHEAD:
        raise invalid("occurred_in_future", "occurred_at lies in the future.", "/occurred_at")
    return min(at, call.now)


async def shown(rows: Sequence[InteractionRow], read: Read, interactions: InteractionService) -> list[InteractionOut]:
    """As answers show them; notes are opened for those who may read them."""
    may = PERSONAL in read.principal.scopes
    sealed = [row.notes for row in rows if may and row.notes]
    opened = dict(zip(sealed, await interactions.vault.open_many(sealed), strict=True)) if sealed else {}
    return [_shown(row, opened.get(row.notes) if row.notes else None) for row in rows]


def _shown(row: InteractionRow, notes: str | None) -> InteractionOut:
    contact = row.contact
    return InteractionOut(
        id=contact.interaction_id,
        **{name: getattr(contact, name) for name in _SAME},
        notes=notes,
        reference=ReferenceOut.of(contact.reference),
        corrections=row.corrections,
        voided_because=row.voided_because,
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
        version=row.version,
    )


_SAME = (InteractionOut.model_fields.keys() & set(InteractionRecorded.__struct_fields__)) - {"notes", "reference"}
"""Fields that an answer shows as the event has them."""
