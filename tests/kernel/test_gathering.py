"""Group reads: one read answers many, never with something older than the question."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from shared.gathering import Gathering


class Shelf:
    """Counts its reads, which take until they are let through."""

    def __init__(self) -> None:
        self.values: dict[str, int] = {}
        self.reads: list[list[str]] = []
        self.open = asyncio.Event()

    async def read(self, keys: Sequence[str]) -> Mapping[str, int]:
        self.reads.append(list(keys))
        found = {key: self.values[key] for key in keys if key in self.values}
        await self.open.wait()
        if "bad" in keys:
            raise LookupError("this one cannot be read")
        return found


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_those_who_ask_at_the_same_time_share_one_read() -> None:
    shelf = Shelf()
    shelf.values = {"a": 1, "b": 2}
    shelf.open.set()
    gathering = Gathering(shelf.read)
    answers = await asyncio.gather(*(gathering.get([key]) for key in "abbc"))
    assert [answer.get(key) for answer, key in zip(answers, "abbc", strict=True)] == [1, 2, 2, None]
    assert shelf.reads == [["a", "b", "c"]]


async def test_who_asks_during_a_read_is_answered_by_a_later_one() -> None:
    shelf = Shelf()
    gathering = Gathering(shelf.read, flights=1)
    early = asyncio.create_task(gathering.get(["a"]))
    await turns()
    shelf.values["a"] = 1
    late = asyncio.create_task(gathering.get(["a"]))
    await turns()
    assert shelf.reads == [["a"]]
    shelf.open.set()
    assert (dict(await early), dict(await late)) == ({}, {"a": 1})


async def test_a_slow_read_does_not_hold_up_another() -> None:
    shelf = Shelf()
    gathering = Gathering(shelf.read)
    first = asyncio.create_task(gathering.get(["a"]))
    await turns()
    second = asyncio.create_task(gathering.get(["b"]))
    await turns()
    assert shelf.reads == [["a"], ["b"]]
    shelf.open.set()
    await asyncio.gather(first, second)


async def test_a_group_has_a_limit_but_for_one_caller() -> None:
    shelf = Shelf()
    shelf.open.set()
    gathering = Gathering(shelf.read, group=2, flights=1)
    await asyncio.gather(gathering.get("abc"), gathering.get("d"), gathering.get("e"), gathering.get("f"))
    assert shelf.reads == [["a", "b", "c"], ["d", "e"], ["f"]]


async def test_a_failure_reaches_its_callers_only_and_the_next_read_goes_on() -> None:
    shelf = Shelf()
    shelf.values["a"] = 1
    gathering = Gathering(shelf.read, flights=1)
    bad = asyncio.create_task(gathering.get(["bad"]))
    await turns()
    good = asyncio.create_task(gathering.get(["a"]))
    shelf.open.set()
    with pytest.raises(LookupError):
        await bad
    assert dict(await good) == {"a": 1}
    assert dict(await gathering.get(["a"])) == {"a": 1}


async def test_nobody_reads_for_a_caller_that_went_away() -> None:
    shelf = Shelf()
    gathering = Gathering(shelf.read, flights=1)
    first = asyncio.create_task(gathering.get(["a"]))
    await turns()
    gone, stays = (asyncio.create_task(gathering.get([key])) for key in ("b", "c"))
    await turns()
    gone.cancel()
    shelf.open.set()
    await asyncio.gather(first, stays)
    assert shelf.reads == [["a"], ["c"]]


async def test_one_after_another_is_always_answered() -> None:
    shelf = Shelf()
    shelf.open.set()
    gathering = Gathering(shelf.read)

    async def often() -> None:
        for _ in range(50):
            await gathering.get(["a"])

    async with asyncio.timeout(5):
        await asyncio.gather(*(often() for _ in range(7)))
