"""A command on its way from the route to the log, and the answer on its way back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated

from fastapi import Header, Request, Response
from fastapi.security import SecurityScopes

from shared import identifiers, times
from shared.auth import Principal, Scope
from shared.envelope import Meta, Reference
from shared.execute import Accepted, Decide, Executor, Operation, Outcome, Target
from shared.execute import Request as Circumstances
from shared.log import Conflict
from shared.web import context, strict_json
from shared.web.caller import caller
from shared.web.edge import Edge, edge_of
from shared.web.models import Receipt
from shared.web.positions import Position
from shared.web.problems import Problem

_KEY = re.compile(r"[\x21-\x7e]{1,64}", re.ASCII)
_ETAG = re.compile(r'\*|"([1-9][0-9]{0,17})"', re.ASCII)
MUST_MATCH = ("PATCH", "PUT", "DELETE")


@dataclass(frozen=True, slots=True)
class Intent:
    """What a command wants: the streams it reads (the first is what it is about) and how it decides.

    `key` overrides the idempotency key, see `Call.reference_key`. A `Call` adds the circumstances.
    """

    targets: Sequence[Target]
    decide: Decide
    key: str = ""


@dataclass(slots=True)
class Call:
    """One request that changes something. `bulk`: its key is that of many commands, a line each."""

    principal: Principal
    scope: Scope
    meta: Meta
    operation: str
    response: Response
    edge: Edge
    key: str = ""
    if_match: str | None = None
    must_match: bool = False
    subject: str = ""
    body: bytes = b""
    bulk: bool = False
    now: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.now = self.edge.clock()

    async def run(self, executor: Executor, intent: Intent, *, topic: str, match: bool = True) -> Receipt:
        """Execute and answer. `match=False` for a POST that only adds a fact: it ignores If-Match.

        Sets ETag, and 200 where nothing changed. Raises `Problem`, `Rejected` and what the executor raises.
        """
        expected = self._expected() if match else None
        outcome = await executor.execute(self._operation(intent, self.key, self.body, expected))
        accepted = accepted_or_problem(outcome, expected, intent.targets[0].stream)
        self.response.headers["ETag"] = f'"{accepted.version}"'
        if accepted.replayed:
            self.response.headers["Idempotency-Replayed"] = "true"
        if not accepted.changed:
            self.response.status_code = 200
        return receipt(accepted, executor.log_name, topic)

    def line(self, intent: Intent, number: int, body: bytes) -> Operation:
        """One line of a bulk request: its own key, derived from the request's when there is one."""
        key = self.edge.keyring.digest("idempotency", self.key, str(number)) if self.key else ""
        return self._operation(intent, key, body, None)

    def occurred_at(self, given: datetime | date | None) -> datetime:
        """When it happened: as given, 00:00 local for a date alone, now when nothing is given."""
        return times.instant(given, self.edge.zone, self.now)

    def reference_key(self, kind: str, reference: Reference | None) -> str:
        """The idempotency key of what a source system sends about one thing, whoever sends it and however."""
        if reference is None:
            return ""
        return self.edge.keyring.digest("idempotency", kind, reference.system, reference.id)

    def _operation(self, intent: Intent, key: str, body: bytes, expected: int | None) -> Operation:
        fingerprint = self.edge.keyring.digest("fingerprint", self.subject if not intent.key else "", body)
        circumstances = Circumstances(
            meta=self.meta,
            key=intent.key or key or identifiers.uuid7().hex,
            fingerprint=fingerprint,
            expected=expected,
            scope=self.scope,
        )
        return Operation(tuple(intent.targets), intent.decide, circumstances)

    def _expected(self) -> int | None:
        if self.if_match is None and self.must_match:
            raise Problem(428, "if_match_required", "Send If-Match with the ETag that you read.")
        return int(self.if_match) if self.if_match else None


def receipt(accepted: Accepted, log: str, topic: str) -> Receipt:
    """The answer of an accepted command. A stream's name is its kind, a dash and the id."""
    identity = accepted.stream.partition("-")[2]
    return Receipt(id=identity, version=accepted.version, position=str(Position(f"{log}/{topic}", accepted.position)))


def accepted_or_problem(outcome: Outcome, expected: int | None, stream: str) -> Accepted:
    """The accepted outcome; every other one is raised as a `Problem`."""
    if isinstance(outcome, Accepted):
        return outcome
    if not isinstance(outcome, Conflict):
        detail = "This idempotency key or reference was used for another request."
        raise Problem(422, "idempotency_key_reused", detail)
    if expected is not None and outcome.stream == stream:
        headers = {"ETag": f'"{outcome.actual}"'} if outcome.actual else None
        raise Problem(412, "stale_version", "The resource has another version by now.", headers=headers)
    detail = "Others are changing the same thing at this moment; try again."
    raise Problem(409, "concurrent_change", detail, headers={"Retry-After": "1"}, members={"retryable": True})


async def call(
    request: Request,
    response: Response,
    needed: SecurityScopes,
    idempotency_key: Annotated[
        str | None,
        Header(
            description="1 to 64 visible ASCII characters; makes a repetition harmless.",
            json_schema_extra={"pattern": "^[!-~]{1,64}$"},
        ),
    ] = None,
    if_match: Annotated[
        str | None,
        Header(
            description="The ETag that the change is based on.",
            json_schema_extra={"pattern": r'^(\*|"[1-9][0-9]{0,17}")$'},
        ),
    ] = None,
) -> Call:
    """The dependency of every route that changes something: `Security(call, scopes=[…])`."""
    who = await caller(request, needed)
    edge = edge_of(request)
    principal = who.principal
    operation = f"{request.method} {request.scope['route'].path}"
    key = ""
    if idempotency_key is not None:
        if not _KEY.fullmatch(idempotency_key):
            detail = "An idempotency key has 1 to 64 visible ASCII characters."
            raise Problem(422, "invalid_idempotency_key", detail, [("idempotency-key", "invalid_format", detail)])
        key = edge.keyring.digest("idempotency", principal.client, operation, idempotency_key)
    streaming = bool((getattr(request.scope["route"], "openapi_extra", None) or {}).get("x-streaming"))
    return Call(
        principal=principal,
        scope=who.scope,
        meta=Meta(
            correlation_id=context.correlation_id.get(),
            actor_id=principal.subject,
            actor_role=principal.role,
            institution_id=principal.institution or "",
            channel="api",
            traceparent=context.current_traceparent(),
        ),
        operation=operation,
        response=response,
        edge=edge,
        key=key,
        if_match=_version(if_match),
        must_match=request.method in MUST_MATCH,
        subject="" if streaming else request.url.path,
        body=b"" if streaming else await _canonical(request),
        bulk=streaming,
    )


def _version(if_match: str | None) -> str | None:
    """The version in an ETag, "" for any. Raises `Problem` 422: a malformed condition must not pass for none."""
    if if_match is None:
        return None
    match = _ETAG.fullmatch(if_match.strip())
    if match is None:
        detail = "If-Match holds one strong ETag of ours, or an asterisk."
        raise Problem(422, "invalid_if_match", detail, [("if-match", "invalid_format", detail)])
    return match[1] or ""


async def _canonical(request: Request) -> bytes:
    body = await request.body()
    return strict_json.canonical(await request.json()) if body else b""
