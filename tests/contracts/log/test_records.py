"""What goes in comes out: bytes, times, order, and the streams as they are loaded."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.envelope import NewEvent, Record
from shared.log import EventLog, Write
from support.logs import NOW, PAST, LogStore, command, event, write

HOSTILE = [
    b'{"b":1,"a":2,"a":3}',
    b'{"amount":1.0,"rate":1e400,"big":123456789012345678901234567890}',
    b'{"text":"\\u0000 \\ud800"}',
    b'{  "spaces" : [ ] }',
    "关系 ❤".encode(),
    bytes(range(256)),
    b"",
    b"\x00" * 70_000,
]


@pytest.mark.parametrize("data", HOSTILE)
async def test_bytes_out_are_bytes_in(log: EventLog, data: bytes) -> None:
    await log.append([command(Write("a", 0, (event(data),)), meta=data)])
    (record,) = await log.read(0, 1)
    assert (record.data, record.meta) == (data, data)
    assert (await log.load(["a"]))[0].records == (record,)


async def test_every_field_comes_back(log: EventLog) -> None:
    occurred_at = datetime(1969, 7, 20, 20, 17, 40, 1, tzinfo=UTC)
    new = NewEvent("客户'\"\\%", "note.taken", 7, b"{}", occurred_at)
    await log.append([command(Write("stream 流 '", 0, (new,)), meta=b'{"x":1}')])
    assert await log.read(0, 1) == [
        Record("customer", 1, "stream 流 '", 1, new.key, new.type, 7, b"{}", b'{"x":1}', occurred_at, NOW)
    ]


async def test_times_are_exact_to_the_microsecond_in_any_zone(log: EventLog) -> None:
    moments = [
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2011, 3, 13, 7, 0, 0, 1, tzinfo=timezone(timedelta(hours=8, minutes=45))),
    ]
    await log.append([command(Write("a", 0, tuple(event(occurred_at=moment) for moment in moments)))])
    assert [record.occurred_at for record in await log.read(0, 9)] == moments


async def test_occurred_at_is_never_later_than_recorded_at(log: EventLog) -> None:
    await log.append([command(Write("a", 0, (event(occurred_at=NOW + timedelta(minutes=4)), event(occurred_at=NOW))))])
    assert [(r.occurred_at, r.recorded_at) for r in await log.read(0, 9)] == [(NOW, NOW)] * 2


async def test_recorded_at_never_goes_back_when_the_clock_does(store: LogStore) -> None:
    def clock() -> Iterator[datetime]:
        yield from (NOW, NOW - timedelta(days=1), NOW - timedelta(seconds=1))
        while True:
            yield NOW + timedelta(seconds=1)

    times = clock()
    log = await store.open(lambda: next(times))
    for stream in "abcd":
        late = event(occurred_at=NOW + timedelta(days=1))
        await log.append([command(Write(stream, 0, (late,)))])
    expected = [NOW, NOW, NOW, NOW + timedelta(seconds=1)]
    assert [(r.recorded_at, r.occurred_at) for r in await log.read(0, 9)] == [(at, at) for at in expected]


async def test_streams_load_in_the_order_asked_for(log: EventLog) -> None:
    await log.append([command(write("a", 0, 2)), command(write("b", 0)), command(write("a", 2))])
    loaded = await log.load(["b", "none", "a", "b"])
    assert [(one.version, one.position) for one in loaded] == [(1, 3), (0, 0), (3, 4), (1, 3)]
    assert [record.version for record in loaded[2].records] == [1, 2, 3]
    assert loaded[0] == loaded[3]
    assert await log.load([]) == []


async def test_names_that_no_stream_can_have_are_just_not_there(log: EventLog) -> None:
    await log.append([command(write("a", 0), key="k")])
    loaded = await log.load(["a", "\x00", "x\ud800", "\udfff关", "'; --", ""])
    assert [one.version for one in loaded] == [1, 0, 0, 0, 0, 0]
    assert list(await log.commands(["\x00", "\ud800", "k"])) == ["k"]


async def test_many_streams_and_keys_in_one_call(log: EventLog) -> None:
    names = [f"s{number}" for number in range(1_200)]
    await log.append([command(write(name, 0), key=name) for name in names])
    loaded = await log.load([*reversed(names), "none"])
    assert [one.position for one in loaded] == [*range(1_200, 0, -1), 0]
    assert {key: known.position for key, known in (await log.commands(names)).items()} == {
        name: number + 1 for number, name in enumerate(names)
    }


async def test_paging_gives_every_record_once(log: EventLog) -> None:
    for number in range(25):
        await log.append([command(write(f"s{number % 4}", -1, 1 + number % 3))])
    positions, after = [], 0
    while page := await log.read(after, 7):
        assert len(page) <= 7
        positions += [record.position for record in page]
        after = positions[-1]
    assert positions == list(range(1, await log.head() + 1))
    assert await log.read(after, 7) == []


async def test_records_carry_the_log_and_their_key(log: EventLog) -> None:
    await log.append([command(Write("a", 0, (event(key="cus_2"), event(key="ins_1"))))])
    assert [(r.log, r.key, r.occurred_at) for r in await log.read(0, 9)] == [
        ("customer", "cus_2", PAST),
        ("customer", "ins_1", PAST),
    ]
