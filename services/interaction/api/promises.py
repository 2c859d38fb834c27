"""Routes of promises: make, renegotiate, keep, release, read. What is not kept is broken by the clock."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from fastapi import Response

from services.directory import admit
from services.interaction import promise
from services.interaction.api.common import (
    PERSONAL,
    TOPIC,
    CustomerId,
    InstitutionId,
    Interactions,
    PromiseId,
    Promising,
    Reading,
    intent,
    promise_target,
)
from services.interaction.contract import LOG, PromiseMade
from services.interaction.promise import RenegotiatePromise, Status
from services.interaction.service import InteractionService
from services.interaction.views import PROMISES
from services.interaction.views.promises import PromiseRow, ranks
from shared.decider import Rejected
from shared.sealing import seal_each
from shared.web import (
    Body,
    Call,
    Code,
    Cursor,
    Day,
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
    etag,
    found,
    problems,
    router,
)
from shared.web.resources import ReferenceOut, accepted, fresh, identity

routes = router(tags=["promises"])


class PromiseIn(Body):
    """`due` means the end of that local day; `owner_id` is who gave the promise; the text is kept sealed."""

    customer_id: CustomerId
    institution_id: InstitutionId | None = None
    owner_id: Code
    due: Day
    subject: Line | None = None
    text: Text | None = None
    reference: ReferenceIn | None = None
    occurred_at: OccurredAt | None = None


class RenegotiationIn(Body):
    """Another day, before the present one is over; `agreed` tells that the customer agrees."""

    due: Day
    agreed: Flag
    occurred_at: OccurredAt | None = None


class SettlementIn(Body):
    occurred_at: OccurredAt | None = None


class PromiseOut(View):
    """`text` only for callers who may read personal values; `derivation` says why it counts as broken."""

    id: str
    customer_id: str
    institution_id: str
    owner_id: str
    due: date
    subject: str
    text: str | None
    status: Status
    late: bool
    renegotiations: int
    derivation: list[str]
    reference: ReferenceOut | None
    made_at: datetime
    settled_at: datetime | None
    version: int


@routes.post("/v1/promises", status_code=201, summary="Make a promise", responses=problems(409, 410))
async def make_promise(body: PromiseIn, call: Promising, interactions: Interactions) -> Receipt:
    wanted = await making(body, call, interactions)
    return await call.run(interactions.executor, accepted(wanted), topic=TOPIC, match=False)


@routes.post(
    "/v1/promises/{promise_id}/renegotiations", summary="Agree on another day", responses=problems(404, 409, 412)
)
async def renegotiate_promise(
    promise_id: PromiseId, body: RenegotiationIn, call: Promising, interactions: Interactions
) -> Receipt:
    at = call.occurred_at(body.occurred_at)
    command = RenegotiatePromise(body.due, body.agreed)
    wanted = intent(promise_target(promise_id), promise.renegotiate, command, at, call.edge.zone, at=at)
    return await call.run(interactions.executor, wanted, topic=TOPIC)


@routes.post("/v1/promises/{promise_id}/fulfilment", summary="Keep a promise", responses=problems(404, 409, 412))
async def keep_promise(
    promise_id: PromiseId, body: SettlementIn, call: Promising, interactions: Interactions
) -> Receipt:
    return await call.run(interactions.executor, settling(promise_id, promise.keep, body, call), topic=TOPIC)


@routes.post("/v1/promises/{promise_id}/release", summary="Let a promise go", responses=problems(404, 409, 412))
async def release_promise(
    promise_id: PromiseId, body: SettlementIn, call: Promising, interactions: Interactions
) -> Receipt:
    return await call.run(interactions.executor, settling(promise_id, promise.release, body, call), topic=TOPIC)


@routes.get("/v1/promises", summary="List promises, by due day within their status", responses=problems())
async def list_promises(
    *,
    read: Reading,
    interactions: Interactions,
    customer_id: CustomerId | None = None,
    institution_id: InstitutionId | None = None,
    status: Status | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PromiseOut]:
    await fresh(read, interactions.views, LOG)
    first, last = ranks(status)
    rows, after = await interactions.views.list(
        PROMISES,
        read.scope,
        owner=customer_id,
        institution=institution_id,
        first_rank=first,
        last_rank=last,
        after=read.after,
        limit=limit,
    )
    return Page(items=await shown(rows, read, interactions), next_cursor=read.next_cursor(after))


@routes.get("/v1/promises/{promise_id}", summary="Read a promise", responses=problems(404))
async def read_promise(
    promise_id: PromiseId, read: Reading, interactions: Interactions, response: Response
) -> PromiseOut:
    await fresh(read, interactions.views, LOG)
    row = found(await interactions.views.get(PROMISES, promise_id, read.scope))
    response.headers["ETag"] = etag(row.version)
    (item,) = await shown([row], read, interactions)
    return item


async def making(body: PromiseIn, call: Call, interactions: InteractionService) -> Intent | Rejected:
    """The intent of one promise, with its text sealed."""
    (place,) = await admit(interactions.directory, [body], call.scope)
    if isinstance(place, Rejected):
        return place
    (text,) = await seal_each(
        interactions.vault, [None if body.text is None else (body.customer_id, "promise", body.text)]
    )
    if isinstance(text, Rejected):
        return text
    reference = body.reference.value if body.reference else None
    promise_id = identity("prm", call, body.reference)
    made = PromiseMade(
        promise_id, body.customer_id, place, body.owner_id, body.due, body.subject or "", text, reference
    )
    at = call.occurred_at(body.occurred_at)
    key = call.reference_key("promise", reference)
    return intent(promise_target(promise_id), promise.make, made, at, call.edge.zone, at=at, key=key)


def settling(promise_id: str, decide: Callable[..., list[Any]], body: SettlementIn, call: Call) -> Intent:
    """The intent of keeping or releasing."""
    at = call.occurred_at(body.occurred_at)
    return intent(promise_target(promise_id), decide, at, call.edge.zone, at=at)


async def shown(rows: Sequence[PromiseRow], read: Read, interactions: InteractionService) -> list[PromiseOut]:
    """As answers show them; texts are opened for those who may read them."""
    may = PERSONAL in read.principal.scopes
    sealed = [row.made.text for row in rows if may and row.made.text]
    opened = dict(zip(sealed, await interactions.vault.open_many(sealed), strict=True)) if sealed else {}
    return [_shown(row, opened.get(row.made.text) if row.made.text else None) for row in rows]


def _shown(row: PromiseRow, text: str | None) -> PromiseOut:
    made = row.made
    return PromiseOut(
        id=made.promise_id,
        customer_id=made.customer_id,
        institution_id=made.institution_id,
        owner_id=made.owner_id,
        due=row.due,
        subject=made.subject,
        text=text,
        status=row.status,
        late=row.late,
        renegotiations=row.renegotiations,
        derivation=list(row.derivation),
        reference=ReferenceOut.of(made.reference),
        made_at=row.made_at,
        settled_at=row.settled_at,
        version=row.version,
    )
