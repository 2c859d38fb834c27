"""From a command to a recorded decision: load → decide → append → bounded retry."""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeAlias

import msgspec

from shared.codec import Codec, SchemaTooNew
from shared.committer import Committer
from shared.decider import Decider, Fact, Rejected
from shared.envelope import Meta
from shared.gathering import Gathering
from shared.log import (
    Append,
    Appended,
    Command,
    Conflict,
    Duplicate,
    EventLog,
    Guard,
    Loaded,
    LogUnavailable,
    Mismatch,
    Unrecordable,
    Verdict,
    Write,
)

RETRIES = 3
AHEAD = timedelta(minutes=5)


class Scope(Protocol):
    """Which institutions the caller may act for."""

    def allows(self, institution_id: str) -> bool:
        """Whether a row of this institution exists for the caller."""
        ...


class Target(msgspec.Struct, frozen=True):
    """A stream that the decision needs. `institution` reads the owning institution from its state, None if it has none.

    A target that the decision does not write becomes a guard: it must not change before the append.
    """

    stream: str
    decider: Decider[Any]
    institution: Callable[[Any], str | None] | None = None


Decide: TypeAlias = Callable[..., Iterable[Fact]]
"""Gets the states of the targets in order and returns the facts that follow, or raises `Rejected`."""


class Request(msgspec.Struct, frozen=True):
    """The circumstances of a command. `expected` is the If-Match version of the first target, None if not given."""

    meta: Meta
    key: str = ""
    fingerprint: str = ""
    expected: int | None = None
    scope: Scope | None = None


class Operation(msgspec.Struct, frozen=True):
    """One command ready to run: what it reads, how it decides, under which circumstances."""

    targets: tuple[Target, ...]
    decide: Decide
    request: Request


class Accepted(msgspec.Struct, frozen=True):
    """The command holds. `version` and `position` are those of the first target's last event.

    `replayed` when the command was recorded before under the same idempotency key; not `changed` when it held already,
    so that nothing was recorded.
    """

    stream: str
    version: int
    position: int
    replayed: bool = False
    changed: bool = True


Outcome: TypeAlias = Accepted | Conflict | Mismatch


class Executor:
    """Runs operations against one log. Raises `Rejected`, `committer.Overloaded` and `log.LogUnavailable`."""

    def __init__(
        self,
        log: EventLog,
        codec: Codec,
        committer: Committer,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._log = log
        self._codec = codec
        self._committer = committer
        self._clock = clock
        self._known = Gathering(log.commands)
        self._streams = Gathering(self._read)

    @property
    def log_name(self) -> str:
        """The log that decisions are recorded in."""
        return self._log.name

    async def execute(self, operation: Operation) -> Outcome:
        """The outcome of one operation. A conflict is retried a few times, unless it is about the caller's version."""
        for attempt in range(RETRIES):
            try:
                outcome = await self._attempt(operation)
            except LogUnavailable:
                # Whether it was recorded is unknown: only its key makes a second try safe.
                if attempt or not operation.request.key:
                    raise
            else:
                if not _again(operation, outcome):
                    return outcome
            await asyncio.sleep(random.uniform(0, 0.01 * 2**attempt))
        return await self._attempt(operation)

    async def execute_many(self, operations: Sequence[Operation]) -> list[Outcome | Rejected]:
        """The outcomes of many operations, as if executed in order; one's failure spoils no other's.

        They go in rounds of one load and one append each. An operation that needs a stream which an earlier one
        writes waits for the next round, so that it decides on what is recorded.
        """
        answers: list[Outcome | Rejected | None] = [None] * len(operations)
        waiting = list(range(len(operations)))
        while waiting:
            waiting = await self._round(operations, answers, waiting)
        return [answer for answer in answers if answer is not None]

    async def _round(
        self, operations: Sequence[Operation], answers: "list[Outcome | Rejected | None]", waiting: Sequence[int]
    ) -> list[int]:
        """Answer what can be answered now; the indexes of the operations that have to wait."""
        for index, answer in zip(waiting, await self._stored([operations[i] for i in waiting]), strict=True):
            answers[index] = answer
        unanswered = [index for index in waiting if answers[index] is None]
        loaded = await self._loaded([operations[index] for index in unanswered])
        commands: dict[int, Append] = {}
        later: list[int] = []
        touched: set[str] = set()
        for index in unanswered:
            streams = {target.stream for target in operations[index].targets}
            if not streams.isdisjoint(touched):
                later.append(index)
                touched |= streams
                continue
            decided = self._decided(operations[index], loaded)
            if isinstance(decided, Append):
                commands[index] = decided
                touched.update(write.stream for write in decided.writes)
            else:
                answers[index] = decided
        await self._committed(operations, answers, commands)
        return later

    async def _committed(
        self,
        operations: Sequence[Operation],
        answers: "list[Outcome | Rejected | None]",
        commands: Mapping[int, Append],
    ) -> None:
        """Append the round's commands and write down their answers; what others' writes stopped runs again."""
        if not commands:
            return
        verdicts = await self._submitted(list(commands.values()))
        for index, verdict in zip(commands, verdicts, strict=True):
            answer = _unrecordable() if isinstance(verdict, Unrecordable) else _outcome(verdict)
            if not isinstance(answer, Rejected) and _again(operations[index], answer):
                answer = await self._executed(operations[index])
            answers[index] = answer

    async def _submitted(self, commands: Sequence[Append]) -> "list[Verdict | Unrecordable]":
        try:
            return await self._committer.submit_many(commands)
        except LogUnavailable:
            # Which of them were recorded is unknown: only their keys make a second try safe.
            if not all(command.key for command in commands):
                raise
        await asyncio.sleep(random.uniform(0, 0.01))
        return await self._committer.submit_many(commands)

    async def _executed(self, operation: Operation) -> Outcome | Rejected:
        try:
            return await self.execute(operation)
        except Rejected as rejected:
            return rejected

    async def _stored(self, operations: Sequence[Operation]) -> "list[Outcome | Rejected | None]":
        keys = [op.request.key for op in operations if op.request.key]
        known: Mapping[str, Command] = await self._known.get(keys) if keys else {}
        return [
            _outcome(known[op.request.key].verdict(op.request.fingerprint)) if op.request.key in known else None
            for op in operations
        ]

    async def _recorded(self, operation: Operation) -> Outcome | None:
        (answer,) = await self._stored([operation])
        return None if isinstance(answer, Rejected) else answer

    async def _loaded(self, operations: Sequence[Operation]) -> Mapping[str, Loaded]:
        return await self._streams.get(dict.fromkeys(target.stream for op in operations for target in op.targets))

    async def _read(self, streams: Sequence[str]) -> dict[str, Loaded]:
        return dict(zip(streams, await self._log.load(streams), strict=True))

    def _decided(self, operation: Operation, loaded: Mapping[str, Loaded]) -> Outcome | Rejected | Append:
        try:
            return self._decide(operation, loaded)
        except Rejected as rejected:
            return rejected

    async def _attempt(self, operation: Operation) -> Outcome:
        """Asks whether the command was recorded before only where it does not reach the append, which knows it too."""
        loaded = await self._loaded([operation])
        try:
            decided = self._decide(operation, loaded)
        except Rejected:
            recorded = await self._recorded(operation)
            if recorded is None:
                raise
            return recorded
        if not isinstance(decided, Append):
            return await self._recorded(operation) or decided
        try:
            return _outcome(await self._committer.submit(decided))
        except Unrecordable as error:
            raise _unrecordable() from error

    def _decide(self, operation: Operation, loaded: Mapping[str, Loaded]) -> Outcome | Append:
        """An outcome that needs no append, or the append that the decision asks for."""
        first = operation.targets[0]
        head = loaded[first.stream]
        request = operation.request
        states = [self._state(target, loaded[target.stream], request.scope) for target in operation.targets]
        if request.expected is not None and request.expected != head.version:
            return Conflict(first.stream, head.version)
        facts = list(operation.decide(*states))
        if not facts:
            return Accepted(first.stream, head.version, head.position, changed=False)
        return self._append(operation, facts, loaded)

    def _state(self, target: Target, loaded: Loaded, scope: Scope | None) -> Any:
        try:
            state = target.decider.fold(self._codec.decode(record) for record in loaded.records)
        except SchemaTooNew as error:
            detail = "A newer version of the service wrote this resource; try again later."
            raise Rejected("written_by_newer_version", detail, kind="conflict", retryable=True) from error
        institution = target.institution(state) if target.institution and loaded.version else None
        if scope is not None and institution is not None and not scope.allows(institution):
            raise Rejected("not_found", "No such resource.", kind="not_found")
        return state

    def _append(self, operation: Operation, facts: list[Fact], loaded: Mapping[str, Loaded]) -> Append:
        latest = self._clock() + AHEAD
        if any(fact.occurred_at > latest for fact in facts):
            raise Rejected("occurred_in_future", "occurred_at lies in the future.", "/occurred_at")
        streams = list(dict.fromkeys(fact.stream for fact in facts))
        first = operation.targets[0].stream
        streams.sort(key=lambda stream: stream != first)
        writes = tuple(
            Write(
                stream,
                loaded[stream].version,
                tuple(self._codec.encode(f.key, f.event, f.occurred_at) for f in facts if f.stream == stream),
            )
            for stream in streams
        )
        guards = tuple(
            Guard(target.stream, loaded[target.stream].version)
            for target in operation.targets
            if target.stream not in streams
        )
        request = operation.request
        meta = self._codec.encode_meta(request.meta)
        return Append(writes, guards, request.key, request.fingerprint, meta)


def _again(operation: Operation, outcome: Outcome) -> bool:
    """Whether to decide again: another command came first, and the caller's If-Match does not speak of that stream."""
    first = operation.targets[0].stream
    return isinstance(outcome, Conflict) and (operation.request.expected is None or outcome.stream != first)


def _unrecordable() -> Rejected:
    return Rejected("unrecordable", "The request holds a value that cannot be stored.")


def _outcome(verdict: Verdict) -> Outcome:
    match verdict:
        case Appended(stream, version, position):
            return Accepted(stream, version, position)
        case Duplicate(stream, version, position):
            return Accepted(stream, version, position, replayed=True)
        case _:
            return verdict
