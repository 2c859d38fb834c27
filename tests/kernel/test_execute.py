"""Execute: replay, If-Match, bounded retry, scope, unknown outcomes, and many operations as if in order."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from shared.codec import Codec
from shared.committer import Committer
from shared.decider import Decider, Fact, Rejected
from shared.envelope import Meta, NewEvent
from shared.execute import RETRIES, Accepted, Executor, Operation, Request, Target
from shared.log import Append, Conflict, LogUnavailable, Mismatch, Verdict, Write
from support.faulty import UNSTORABLE, FaultyLog
from support.logs import PAST, command


class Opened(msgspec.Struct, frozen=True):
    institution: str


class Added(msgspec.Struct, frozen=True):
    amount: int


CONTRACT: Any = SimpleNamespace(
    LOG="counter",
    EVENTS=(("counter.opened", 1, Opened, "counter"), ("counter.added", 1, Added, "counter")),
    UPCASTERS={},
)


class Counter(msgspec.Struct, frozen=True):
    institution: str | None = None
    total: int = 0


def _evolve(state: Counter, event: Any) -> Counter:
    match event:
        case Opened(institution):
            return Counter(institution, 0)
        case Added(amount):
            return Counter(state.institution, state.total + amount)
        case _:
            return state


COUNTER = Decider(Counter(), _evolve)


class Only(msgspec.Struct, frozen=True):
    institution: str

    def allows(self, institution_id: str) -> bool:
        return institution_id == self.institution


class RacingLog(FaultyLog):
    """Before each of the next `races` appends, another writer comes first on the stream `a`."""

    races = 0
    rival = "a"

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        if self.races:
            self.races -= 1
            await super().append([_added(self.rival)])
        return await super().append(batch)


def _added(stream: str) -> Append:
    return command(Write(stream, -1, (Codec([CONTRACT]).encode("k", Added(100), PAST),)))


def _target(stream: str) -> Target:
    return Target(stream, COUNTER, lambda state: state.institution)


def opening(stream: str, institution: str = "ins_1", **request: Any) -> Operation:
    def decide(state: Counter) -> Iterable[Fact]:
        if state.institution is not None:
            raise Rejected("already_open", "It is open.", kind="conflict")
        return [Fact(stream, "k", Opened(institution), PAST)]

    return Operation((_target(stream),), decide, Request(Meta(), **request))


def adding(stream: str, amount: int = 1, *, reads: str = "", at: datetime = PAST, **request: Any) -> Operation:
    """Add to an open counter; `reads` is another counter that must be open too. Adding 0 changes nothing."""

    def decide(*states: Counter) -> Iterable[Fact]:
        if any(state.institution is None for state in states):
            raise Rejected("not_found", "No such counter.", kind="not_found")
        return [Fact(stream, "k", Added(amount), at)] if amount else []

    targets = (_target(stream), *((_target(reads),) if reads else ()))
    return Operation(targets, decide, Request(Meta(), **request))


@pytest.fixture
def log() -> RacingLog:
    return RacingLog()


@pytest.fixture
async def executor(log: RacingLog) -> AsyncIterator[Executor]:
    committer = Committer(log)
    task = asyncio.create_task(committer.run())
    yield Executor(log, Codec([CONTRACT]), committer)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _total(log: FaultyLog, stream: str = "a") -> int:
    (loaded,) = await log.load([stream])
    codec = Codec([CONTRACT])
    return COUNTER.fold(codec.decode(record) for record in loaded.records).total


async def test_a_decision_is_recorded_and_a_rejection_is_not(executor: Executor, log: RacingLog) -> None:
    assert await executor.execute(opening("a")) == Accepted("a", 1, 1)
    with pytest.raises(Rejected, match="already_open"):
        await executor.execute(opening("a"))
    assert await executor.execute(adding("a", 5)) == Accepted("a", 2, 2)
    assert (await _total(log), await log.head()) == (5, 2)


async def test_what_holds_already_answers_with_the_head(executor: Executor, log: RacingLog) -> None:
    await executor.execute(opening("b"))
    await executor.execute(opening("a"))
    assert await executor.execute(adding("a", 0)) == Accepted("a", 1, 2, changed=False)
    assert await log.head() == 2


async def test_a_key_is_answered_before_decide_and_before_if_match(executor: Executor) -> None:
    first = opening("a", key="k", fingerprint="f")
    assert await executor.execute(first) == Accepted("a", 1, 1)
    assert await executor.execute(first) == Accepted("a", 1, 1, replayed=True)
    assert await executor.execute(opening("a", key="k", fingerprint="f", expected=9)) == Accepted(
        "a", 1, 1, replayed=True
    )
    assert await executor.execute(opening("a", key="k", fingerprint="g")) == Mismatch()


@pytest.mark.parametrize("races", [1, RETRIES])
async def test_a_lost_race_is_decided_again(executor: Executor, log: RacingLog, races: int) -> None:
    await executor.execute(opening("a"))
    log.races = races
    assert await executor.execute(adding("a", 1)) == Accepted("a", 2 + races, 2 + races)
    assert await _total(log) == 100 * races + 1


async def test_lost_races_end(executor: Executor, log: RacingLog) -> None:
    await executor.execute(opening("a"))
    log.races = 99
    assert await executor.execute(adding("a", 1)) == Conflict("a", 2 + RETRIES)
    assert log.races == 99 - RETRIES - 1


async def test_if_match_is_checked_and_never_retried(executor: Executor, log: RacingLog) -> None:
    await executor.execute(opening("a"))
    assert await executor.execute(adding("a", 1, expected=7)) == Conflict("a", 1)
    log.races = 99
    assert await executor.execute(adding("a", 1, expected=1)) == Conflict("a", 2)
    assert log.races == 98
    log.races = 0
    assert await executor.execute(adding("a", 1, expected=2)) == Accepted("a", 3, 3)


async def test_if_match_speaks_of_the_first_stream_only(executor: Executor, log: RacingLog) -> None:
    await executor.execute(opening("a"))
    await executor.execute(opening("b"))
    log.races, log.rival = 1, "b"
    assert await executor.execute(adding("a", 1, reads="b", expected=1)) == Accepted("a", 2, 4)


async def test_a_stream_that_was_only_read_must_not_have_changed(executor: Executor, log: RacingLog) -> None:
    await executor.execute(opening("a"))
    await executor.execute(opening("b"))
    log.races, log.rival = 1, "b"
    assert await executor.execute(adding("a", 1, reads="b")) == Accepted("a", 2, 4)
    assert len(log.batches) == 2 + 3


async def test_out_of_scope_looks_like_not_there(executor: Executor) -> None:
    await executor.execute(opening("a", "ins_1"))
    with pytest.raises(Rejected) as hidden:
        await executor.execute(adding("a", 1, expected=9, scope=Only("ins_2")))
    with pytest.raises(Rejected) as absent:
        await executor.execute(adding("nowhere", 1, scope=Only("ins_2")))
    assert (
        (hidden.value.kind, hidden.value.code) == (absent.value.kind, absent.value.code) == ("not_found", "not_found")
    )
    assert await executor.execute(adding("a", 1, scope=Only("ins_1"))) == Accepted("a", 2, 2)


async def test_the_future_is_rejected_and_five_minutes_are_not(executor: Executor, log: RacingLog) -> None:
    await executor.execute(opening("a"))
    with pytest.raises(Rejected, match="occurred_in_future"):
        await executor.execute(adding("a", 1, at=datetime.now(UTC) + timedelta(minutes=6)))
    await executor.execute(adding("a", 1, at=datetime.now(UTC) + timedelta(minutes=4)))
    last = (await log.read(1, 1))[0]
    assert last.occurred_at == last.recorded_at


@pytest.mark.parametrize(("fault", "replayed"), [("lost before", False), ("lost after", True)])
async def test_an_unknown_outcome_with_a_key_is_found_out(
    executor: Executor, log: RacingLog, fault: str, replayed: bool
) -> None:
    log.faults.append(fault)  # pyright: ignore[reportArgumentType]
    assert await executor.execute(opening("a", key="k", fingerprint="f")) == Accepted("a", 1, 1, replayed=replayed)
    assert await log.head() == 1


@pytest.mark.parametrize(("fault", "recorded"), [("lost before", 0), ("lost after", 1)])
async def test_an_unknown_outcome_without_a_key_is_told(
    executor: Executor, log: RacingLog, fault: str, recorded: int
) -> None:
    log.faults.append(fault)  # pyright: ignore[reportArgumentType]
    with pytest.raises(LogUnavailable):
        await executor.execute(opening("a"))
    assert await log.head() == recorded


async def test_a_log_that_stays_away_is_told(executor: Executor, log: RacingLog) -> None:
    log.faults = ["lost before" for _ in range(9)]
    with pytest.raises(LogUnavailable):
        await executor.execute(opening("a", key="k"))
    assert len(log.faults) == 7


def _operations() -> list[Operation]:
    return [
        adding("a", 1),
        opening("a"),
        adding("a", 2),
        opening("b"),
        adding("b", 4, reads="a"),
        adding("a", 8, expected=2),
        adding("a", 16, expected=2),
        opening("c", key="k", fingerprint="f"),
        opening("d", key="k", fingerprint="f"),
        opening("e", key="k", fingerprint="g"),
        adding("a", 0),
        adding("nowhere", 1),
        opening("b"),
    ]


def _said(answer: Any) -> Any:
    """An outcome without its position: rounds may interleave streams that have nothing to do with each other."""
    if isinstance(answer, Rejected):
        return answer.code
    return msgspec.structs.replace(answer, position=0) if isinstance(answer, Accepted) else answer


async def _in_turn(executor: Executor, operations: Sequence[Operation]) -> list[Any]:
    answers: list[Any] = []
    for operation in operations:
        try:
            answers.append(await executor.execute(operation))
        except Rejected as rejected:
            answers.append(rejected)
    return answers


async def test_many_are_as_if_executed_in_order(executor: Executor, log: RacingLog) -> None:
    answers = await executor.execute_many(_operations())
    other = RacingLog()
    committer = Committer(other)
    task = asyncio.create_task(committer.run())
    expected = await _in_turn(Executor(other, Codec([CONTRACT]), committer), _operations())
    task.cancel()
    assert [_said(answer) for answer in answers] == [_said(answer) for answer in expected]
    assert [_said(answer) for answer in answers[:2]] == ["not_found", Accepted("a", 1, 0)]
    assert await _total(log) == 10 == await _total(other)


async def test_many_on_streams_of_their_own_take_one_append(executor: Executor, log: RacingLog) -> None:
    answers = await executor.execute_many([opening(f"s{n}") for n in range(50)])
    assert answers == [Accepted(f"s{n}", 1, n + 1) for n in range(50)]
    assert log.batches == [50]
    assert await executor.execute_many([]) == []


async def test_many_that_only_read_a_stream_take_one_append(executor: Executor, log: RacingLog) -> None:
    await executor.execute_many([opening(f"s{n}") for n in range(20)])
    await executor.execute(opening("shared"))
    log.batches.clear()
    await executor.execute_many([adding(f"s{n}", 1, reads="shared") for n in range(20)])
    assert log.batches == [20]


async def test_many_lose_a_race_one_by_one(executor: Executor, log: RacingLog) -> None:
    await executor.execute_many([opening("a"), opening("b")])
    log.races = 1
    answers = await executor.execute_many([adding("a", 1), adding("b", 1), adding("a", 1, expected=3)])
    assert [_said(answer) for answer in answers] == [Accepted("a", 3, 0), Accepted("b", 2, 0), Accepted("a", 4, 0)]
    log.races = 1
    assert await executor.execute_many([adding("a", 1, expected=4)]) == [Conflict("a", 5)]


async def test_one_that_cannot_be_stored_spoils_no_other(executor: Executor, log: RacingLog) -> None:
    refusing = msgspec.structs.replace(opening("bad"), request=Request(Meta(channel=UNSTORABLE)))
    answers = await executor.execute_many([opening("a"), refusing, opening("b")])
    assert [_said(answer) for answer in answers] == [Accepted("a", 1, 0), "unrecordable", Accepted("b", 1, 0)]
    with pytest.raises(Rejected, match="unrecordable"):
        await executor.execute(refusing)


async def test_concurrent_executions_all_count(executor: Executor, log: RacingLog) -> None:
    await executor.execute(opening("a"))
    answers = await asyncio.gather(*(executor.execute(adding("a", 1)) for _ in range(12)))
    accepted = [answer for answer in answers if isinstance(answer, Accepted)]
    assert await _total(log) == len(accepted) >= 4
    assert {type(answer) for answer in answers} <= {Accepted, Conflict}


async def test_newer_events_are_a_reason_to_wait(executor: Executor, log: RacingLog) -> None:
    await log.append([command(Write("a", 0, (NewEvent("k", "counter.added", 2, b"{}", PAST),)))])
    with pytest.raises(Rejected) as rejected:
        await executor.execute(adding("a", 1))
    assert rejected.value.retryable


@pytest.mark.parametrize(("fault", "replayed"), [("lost before", False), ("lost after", True)])
async def test_an_unknown_outcome_of_many_with_keys_is_found_out(
    executor: Executor, log: RacingLog, fault: str, replayed: bool
) -> None:
    log.faults.append(fault)  # pyright: ignore[reportArgumentType]
    operations = [opening(name, key=f"key-{name}", fingerprint="f") for name in ("a", "b")]
    answers = await executor.execute_many(operations)
    assert answers == [Accepted("a", 1, 1, replayed=replayed), Accepted("b", 1, 2, replayed=replayed)]
    assert await log.head() == 2


async def test_an_unknown_outcome_of_many_is_told_where_one_has_no_key(executor: Executor, log: RacingLog) -> None:
    log.faults.append("lost after")
    with pytest.raises(LogUnavailable):
        await executor.execute_many([opening("a", key="k", fingerprint="f"), opening("b")])
    assert await log.head() == 2
