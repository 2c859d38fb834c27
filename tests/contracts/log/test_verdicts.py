"""Every verdict, its precedence, and that a command is all or nothing."""

import pytest

from shared.log import Append, Appended, Conflict, Duplicate, EventLog, Expected, Mismatch, Write
from support.logs import command, write


async def test_an_empty_batch_appends_nothing(log: EventLog) -> None:
    assert await log.append([]) == []
    assert await log.head() == 0


async def test_appended_speaks_of_the_first_write(log: EventLog) -> None:
    (verdict,) = await log.append([command(write("a", 0, 2), write("b", 0, 3))])
    assert verdict == Appended("a", 2, 2)
    assert await log.head() == 5
    assert [(r.position, r.stream, r.version) for r in await log.read(0, 10)] == [
        (1, "a", 1),
        (2, "a", 2),
        (3, "b", 1),
        (4, "b", 2),
        (5, "b", 3),
    ]


@pytest.mark.parametrize(
    ("expected", "accepted"),
    [(Expected.NO_STREAM, False), (Expected.ANY, True), (1, False), (2, True), (3, False)],
)
async def test_expected_of_a_stream_at_version_2(log: EventLog, expected: int, accepted: bool) -> None:
    await log.append([command(write("a", 0, 2))])
    (verdict,) = await log.append([command(write("a", expected))])
    assert verdict == (Appended("a", 3, 3) if accepted else Conflict("a", 2))
    assert await log.head() == (3 if accepted else 2)


@pytest.mark.parametrize(
    ("expected", "accepted"), [(Expected.NO_STREAM, True), (Expected.ANY, True), (1, False), (7, False)]
)
async def test_expected_of_no_stream(log: EventLog, expected: int, accepted: bool) -> None:
    (verdict,) = await log.append([command(write("a", expected))])
    assert verdict == (Appended("a", 1, 1) if accepted else Conflict("a", 0))


async def test_one_conflict_stops_every_write_of_its_command(log: EventLog) -> None:
    await log.append([command(write("b", 0))])
    verdicts = await log.append([command(write("a", 0), write("b", 0), key="k"), command(write("c", 0))])
    assert verdicts == [Conflict("b", 1), Appended("c", 1, 2)]
    assert [loaded.version for loaded in await log.load(["a", "b", "c"])] == [0, 1, 1]
    assert await log.commands(["k"]) == {}


async def test_a_guard_is_checked_and_not_written(log: EventLog) -> None:
    await log.append([command(write("account", 0))])
    verdicts = await log.append(
        [
            command(write("t1", 0), guards=[("account", 1)]),
            command(write("t2", 0), guards=[("account", 0)]),
            command(write("t3", 0), guards=[("nothing", 0)]),
            command(write("t4", 0), guards=[("nothing", 1)]),
        ]
    )
    assert verdicts == [Appended("t1", 1, 2), Conflict("account", 1), Appended("t3", 1, 3), Conflict("nothing", 0)]
    assert (await log.load(["account"]))[0].version == 1


async def test_the_first_objection_in_order_of_writes_then_guards_decides(log: EventLog) -> None:
    await log.append([command(write("a", 0), write("b", 0, 2), write("g", 0, 3))])
    verdicts = await log.append(
        [
            command(write("b", 0), write("a", 0), guards=[("g", 0)]),
            command(write("a", 1), write("b", 2), guards=[("h", 1), ("g", 0)]),
        ]
    )
    assert verdicts == [Conflict("b", 2), Conflict("h", 0)]


async def test_a_stream_repeated_inside_a_batch(log: EventLog) -> None:
    verdicts = await log.append(
        [
            command(write("a", 0)),
            command(write("a", 0)),
            command(write("a", 1, 2)),
            command(write("a", Expected.ANY)),
            command(write("b", 0), guards=[("a", 4)]),
            command(write("b", 1), guards=[("a", 3)]),
        ]
    )
    assert verdicts == [
        Appended("a", 1, 1),
        Conflict("a", 1),
        Appended("a", 3, 3),
        Appended("a", 4, 4),
        Appended("b", 1, 5),
        Conflict("a", 4),
    ]


async def test_a_guard_may_come_before_a_write_of_its_stream(log: EventLog) -> None:
    verdicts = await log.append([command(write("b", 0), guards=[("a", 0)]), command(write("a", 0))])
    assert verdicts == [Appended("b", 1, 1), Appended("a", 1, 2)]


async def test_a_stream_repeated_inside_a_command(log: EventLog) -> None:
    verdicts = await log.append(
        [command(write("a", 0), write("b", 0), write("a", 0)), command(write("a", 2), guards=[("a", 2), ("b", 1)])]
    )
    assert verdicts == [Appended("a", 2, 3), Appended("a", 3, 4)]
    assert [(r.stream, r.version) for r in await log.read(0, 10)] == [("a", 1), ("b", 1), ("a", 2), ("a", 3)]


async def test_a_key_answers_as_before(log: EventLog) -> None:
    first = command(write("a", 0, 2), write("b", 0), key="k", fingerprint="f")
    (appended,) = await log.append([first])
    assert appended == Appended("a", 2, 2)
    await log.append([command(write("a", 2))])
    assert await log.append([first]) == [Duplicate("a", 2, 2)]
    assert await log.head() == 4


async def test_a_key_repeated_inside_a_batch(log: EventLog) -> None:
    verdicts = await log.append(
        [
            command(write("a", 1), key="k", fingerprint="f"),
            command(write("a", 0), key="k", fingerprint="f"),
            command(write("x", 0), key="k", fingerprint="f"),
            command(write("x", 0), key="k", fingerprint="g"),
            command(write("x", 0)),
            command(write("y", 0)),
        ]
    )
    assert verdicts == [
        Conflict("a", 0),
        Appended("a", 1, 1),
        Duplicate("a", 1, 1),
        Mismatch(),
        Appended("x", 1, 2),
        Appended("y", 1, 3),
    ]


async def test_the_key_comes_before_every_check(log: EventLog) -> None:
    await log.append([command(write("a", 0), key="k", fingerprint="f")])
    same = command(write("a", 9), guards=[("a", 9)], key="k", fingerprint="f")
    other = command(write("a", 9), guards=[("a", 9)], key="k", fingerprint="g")
    assert await log.append([same, other]) == [Duplicate("a", 1, 1), Mismatch()]


async def test_what_conflicted_leaves_no_key(log: EventLog) -> None:
    assert await log.append([command(write("a", 1), key="k", fingerprint="f")]) == [Conflict("a", 0)]
    assert await log.append([command(write("a", 0), key="k", fingerprint="g")]) == [Appended("a", 1, 1)]


async def test_commands_are_remembered_by_key(log: EventLog) -> None:
    await log.append([command(write("a", 0, 2), key="k", fingerprint="f"), command(write("b", 0))])
    known = await log.commands(["k", "", "unknown", "k"])
    assert set(known) == {"k"}
    assert known["k"].verdict("f") == Duplicate("a", 2, 2)
    assert known["k"].verdict("g") == Mismatch()
    assert await log.commands([]) == {}


def test_an_effect_without_an_event_cannot_be_said() -> None:
    with pytest.raises(ValueError, match="event"):
        Write("a", 0, ())
    with pytest.raises(ValueError, match="writes"):
        Append(())
