"""The law of the log: a batch equals its commands appended one at a time, whatever repeats inside it."""

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.envelope import Record
from shared.log import Append, Conflict, EventLog, Guard, Mismatch, Verdict, Write
from shared.log_memory import MemoryEventLog
from shared.log_segments import segments
from support.logs import NOW, event

STREAMS = st.sampled_from("abc")
WRITES = st.builds(
    Write,
    STREAMS,
    st.integers(-1, 4),
    st.lists(st.binary(max_size=3).map(event), min_size=1, max_size=2).map(tuple),
)
COMMANDS = st.builds(
    Append,
    st.lists(WRITES, min_size=1, max_size=3).map(tuple),
    st.lists(st.builds(Guard, STREAMS, st.integers(0, 3)), max_size=2).map(tuple),
    st.sampled_from(["", "", "k", "l"]),
    st.sampled_from("fg"),
    st.binary(max_size=2),
)
BATCHES = st.lists(st.lists(COMMANDS, min_size=1, max_size=9), min_size=1, max_size=3)


def _named(command: Append, example: int) -> Append:
    """The command on streams and keys of this example only: durable logs cannot be emptied between examples."""
    return msgspec.structs.replace(
        command,
        writes=tuple(Write(f"{example}-{w.stream}", w.expected, w.events) for w in command.writes),
        guards=tuple(Guard(f"{example}-{g.stream}", g.version) for g in command.guards),
        key=f"{example}-{command.key}" if command.key else "",
    )


def _moved(value: Verdict | Record, by: int) -> Any:
    if isinstance(value, Conflict | Mismatch):
        return value
    return msgspec.structs.replace(value, position=value.position + by)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES)
async def test_a_batch_equals_its_commands_one_at_a_time(log: EventLog, batches: list[list[Append]]) -> None:
    base = await log.head()
    reference = MemoryEventLog(log.name, lambda: NOW)
    for batch in batches:
        commands = [_named(command, base) for command in batch]
        expected = [(await reference.append([command]))[0] for command in commands]
        assert await log.append(commands) == [_moved(verdict, base) for verdict in expected]
    recorded = await log.read(base, 1_000)
    assert recorded == [_moved(record, base) for record in await reference.read(0, 1_000)]


@given(batch=st.lists(COMMANDS, max_size=12))
def test_segments_are_the_batch_and_within_one_nothing_depends_on_an_earlier(batch: list[Append]) -> None:
    pieces = segments(batch)
    assert [command for piece in pieces for command in piece] == batch
    for piece in pieces:
        written: set[str] = set()
        for command in piece:
            assert written.isdisjoint(c.stream for c in (*command.writes, *command.guards))
            written |= {w.stream for w in command.writes}
        keys = [command.key for command in piece if command.key]
        assert len(keys) == len(set(keys))
