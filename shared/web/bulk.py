"""NDJSON in, NDJSON verdicts out: one bad line never spoils the rest.

The request is read to its end before the first byte of the answer, because Starlette's listener for a disconnect
competes with the reader for the request's messages otherwise. Lines are executed in chunks as they arrive, and reading
waits while the committer's queue is full: that is the back-pressure.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import msgspec
from fastapi import Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError

from shared.committer import Overloaded
from shared.database import unavailable
from shared.decider import Rejected
from shared.execute import Executor, Outcome
from shared.log import LogUnavailable
from shared.web import strict_json, validation
from shared.web.call import Call, Intent, accepted_or_problem, receipt
from shared.web.problems import Problem, from_rejected, problems

MEDIA_TYPE = "application/x-ndjson"
MAX_LINES = 10_000
MAX_BYTES = 16 * 1024 * 1024
MAX_LINE = 64 * 1024
CHUNK = 500
IDLE = 30.0

Model = TypeVar("Model", bound=BaseModel)
Prepare: TypeAlias = Callable[[Sequence[Model]], Awaitable[Sequence["Intent | Rejected"]]]
"""Makes intents of valid lines, in order, many at once so that sealing and look-ups are done in one go."""

LIMIT = Problem(413, "limit", f"A request holds {MAX_LINES} lines or {MAX_BYTES} bytes; send the rest in another one.")
_DEFECT = Problem(500, "internal_error", "Something went wrong here. It was logged.", members={"retryable": True})
_BUSY = Problem(503, "unavailable", "Try this line again.", members={"retryable": True})
_MOST_VERDICTS = 5 * MAX_LINES
"""A client that ignores the limit costs no more memory than this; further lines are only counted."""

logger = logging.getLogger(__name__)


class Lines:
    """The lines of a request body; a line that is too long is None, and so is everything past the limits."""

    def __init__(self, request: Request) -> None:
        self._request = request

    async def chunks(self, size: int = CHUNK) -> AsyncIterator[list[tuple[int, bytes | None]]]:
        """Numbered lines, from 1, in chunks; empty lines are passed over but counted."""
        chunk: list[tuple[int, bytes | None]] = []
        async for numbered in self._numbered():
            chunk.append(numbered)
            if len(chunk) == size:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    async def _numbered(self) -> AsyncIterator[tuple[int, bytes | None]]:
        rest, number, skipping = b"", 0, False
        async for piece in self._pieces():
            *complete, rest = (rest + piece).split(b"\n")
            for line in complete:
                number += 1
                if skipping or line.strip():
                    yield number, None if skipping else line
                skipping = False
            if len(rest) > MAX_LINE:
                rest, skipping = b"", True
        if skipping or rest.strip():
            yield number + 1, None if skipping else rest

    async def _pieces(self) -> AsyncIterator[bytes]:
        """The stream, as long as something comes: a client that stalls holds nothing here."""
        pieces = aiter(self._request.stream())
        while True:
            try:
                async with asyncio.timeout(IDLE):
                    piece = await anext(pieces, None)
            except TimeoutError:
                raise Problem(408, "timeout", "The body did not arrive. Lines before were executed.") from None
            if piece is None:
                return
            yield piece


class Bulk(Generic[Model]):
    """Runs the lines of one request.

    Args:
        call: whose request it is.
        executor: where commands run.
        model: what a line must be.
        prepare: makes intents of valid lines.
        topic: the short topic of the answer's positions.
    """

    def __init__(self, call: Call, executor: Executor, model: type[Model], prepare: Prepare[Model], topic: str) -> None:
        self._call = call
        self._executor = executor
        self._model = model
        self._prepare = prepare
        self._topic = topic
        self._counts = {"accepted": 0, "replayed": 0, "rejected": 0, "limit": 0}

    async def run(self, lines: Lines) -> Response:
        """The verdicts, in the order of the lines, and a summary as the last line."""
        verdicts: list[bytes] = []
        seen = size = 0
        async for chunk in lines.chunks():
            taken: list[tuple[int, bytes | None]] = []
            for number, line in chunk:
                size += len(line) + 1 if line is not None else MAX_LINE
                seen += 1
                if seen > MAX_LINES or size > MAX_BYTES:
                    break
                taken.append((number, line))
            verdicts += await self._chunk(taken)
            refused = [self._verdict(number, "limit", LIMIT) for number, _ in chunk[len(taken) :]]
            if len(verdicts) < _MOST_VERDICTS:
                verdicts += refused
        verdicts.append(msgspec.json.encode({"summary": self._counts}) + b"\n")
        return Response(b"".join(verdicts), media_type=MEDIA_TYPE)

    async def _chunk(self, chunk: Sequence[tuple[int, bytes | None]]) -> list[bytes]:
        answers: dict[int, bytes] = {}
        valid: list[tuple[int, bytes, Model]] = []
        for number, line in chunk:
            try:
                valid.append((number, *self._parsed(line)))
            except Problem as problem:
                answers[number] = self._verdict(number, "rejected", problem)
        try:
            for number, outcome in await self._outcomes(valid):
                answers[number] = self._answer(number, outcome)
        except Exception as error:
            # Earlier chunks are recorded already: their verdicts must not be lost with this one's.
            for number, _, _ in valid:
                answers.setdefault(number, self._verdict(number, "rejected", _failure(error)))
        return [answers[number] for number, _ in chunk]

    def _parsed(self, line: bytes | None) -> tuple[bytes, Model]:
        if line is None or len(line) > MAX_LINE:
            raise Problem(413, "line_too_long", f"A line may hold {MAX_LINE} bytes.")
        value = strict_json.parse(line)
        try:
            return strict_json.canonical(value), self._model.model_validate(value)
        except ValidationError as error:
            found = validation.errors({**each, "loc": ("body", *each["loc"])} for each in error.errors())
            raise Problem(422, "invalid_request", "The line is not valid.", found) from None

    async def _outcomes(
        self, valid: Sequence[tuple[int, bytes, Model]]
    ) -> list[tuple[int, Outcome | Rejected | Problem]]:
        intents = await self._prepare([model for _, _, model in valid]) if valid else []
        settled: list[tuple[int, Outcome | Rejected | Problem]] = []
        operations: list[tuple[int, Any]] = []
        for (number, body, _), intent in zip(valid, intents, strict=True):
            if isinstance(intent, Rejected):
                settled.append((number, intent))
            else:
                operations.append((number, self._call.line(intent, number, body)))
        outcomes = await self._executor.execute_many([operation for _, operation in operations])
        return settled + [(number, outcome) for (number, _), outcome in zip(operations, outcomes, strict=True)]

    def _answer(self, number: int, outcome: Outcome | Rejected | Problem) -> bytes:
        if isinstance(outcome, Rejected):
            return self._verdict(number, "rejected", from_rejected(outcome))
        try:
            accepted = accepted_or_problem(outcome, None, "") if not isinstance(outcome, Problem) else outcome
        except Problem as problem:
            accepted = problem
        if isinstance(accepted, Problem):
            return self._verdict(number, "rejected", accepted)
        status = "replayed" if accepted.replayed or not accepted.changed else "accepted"
        self._counts[status] += 1
        done = receipt(accepted, self._executor.log_name, self._topic)
        verdict = {"line": number, "status": status, "id": done.id, "version": done.version, "position": done.position}
        return msgspec.json.encode(verdict) + b"\n"

    def _verdict(self, number: int, status: str, problem: Problem) -> bytes:
        self._counts[status] += 1
        errors = [{"pointer": pointer, "code": code, "detail": detail} for pointer, code, detail in problem.errors]
        body = {"code": problem.code, "detail": problem.detail, "errors": errors}
        body["retryable"] = bool(problem.members.get("retryable", status == "limit"))
        return msgspec.json.encode({"line": number, "status": status, "problem": body}) + b"\n"


def _failure(error: Exception) -> Problem:
    if isinstance(error, Overloaded | LogUnavailable) or unavailable(error):
        return _BUSY
    logger.error("a chunk of lines failed", exc_info=error)
    return _DEFECT


async def lines(request: Request) -> Lines:
    """The dependency that gives a bulk route its body."""
    return Lines(request)


BulkLines = Annotated[Lines, Depends(lines)]


async def bulk(
    call: Call, body: Lines, executor: Executor, model: type[Model], prepare: Prepare[Model], *, topic: str
) -> Response:
    """What a bulk route returns."""
    return await Bulk(call, executor, model, prepare, topic).run(body)


def bulk_route(model: type[BaseModel]) -> dict[str, Any]:
    """The keyword arguments of a bulk route: how it is documented, and that it streams."""
    verdict = {"schema": {"type": "string"}, "example": '{"summary": {"accepted": 1, "replayed": 0, "rejected": 0}}'}
    return {
        "response_class": Response,
        "openapi_extra": {
            "x-streaming": True,
            "requestBody": {
                "required": True,
                "description": f"One `{model.__name__}` as JSON per line.",
                "content": {MEDIA_TYPE: {"schema": {}}},
            },
            "responses": {
                "200": {
                    "description": "One verdict per line, in order, and a summary.",
                    "content": {MEDIA_TYPE: verdict},
                },
                "408": problems(408)[408],
            },
        },
    }
