"""Live changes as server-sent events, through a real server: what comes, for whom, and how one goes on."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from services.scoring.api import stream
from shared.runtime import Settings, host
from support.contacts import Bank, opened
from support.hosted import Hosted
from support.scored import SERVICES, ago, complain, meet, person_at, relationship

Message = dict[str, Any]


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[tuple[Bank, str]]:
    """The bank, and the URL of its server: httpx reads an endless answer only from a real one."""
    settings = Settings(data=tmp_path, metrics_port=0)
    app = host([compose(settings) for compose in SERVICES], settings)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    server.capture_signals = nullcontext  # type: ignore[method-assign]
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        assert not running.done(), "the server did not start"
    bank = await opened(Hosted(app))
    bank.customer = await person_at(bank, bank.branch)
    bank.stranger = await person_at(bank, bank.elsewhere)
    yield bank, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await running


class Stream:
    """One open stream, read message by message."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def block(self) -> dict[str, str]:
        """The next block of fields; a comment has the empty name."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(10):
            async for line in self._lines:
                if not line:
                    return fields
                name, _, value = line.partition(":")
                fields[name] = value.strip()
        raise EOFError

    async def rest(self) -> None:
        """Read on until it ends, which raises EOFError."""
        while True:
            await self.block()

    async def message(self) -> Message:
        """The next event."""
        while "data" not in (fields := await self.block()):
            pass
        document = json.loads(fields["data"])
        assert int(fields["id"]) == int(document["sequence"])
        assert document["type"].startswith(f"guanxi.{fields['event']}.v")
        return {**document, "id": int(fields["id"]), "event": fields["event"]}


@asynccontextmanager
async def listening(
    bank: Bank, url: str, last: int | None = None, role: Any = None, **query: Any
) -> AsyncIterator[Stream]:
    headers = dict((role or bank.admin).headers)
    if last is not None:
        headers["Last-Event-ID"] = str(last)
    async with (
        httpx.AsyncClient(base_url=url, headers=headers, timeout=20) as client,
        client.stream("GET", "/v1/relationships/stream", params=query) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        opening = Stream(answer)
        assert "retry" in await opening.block()
        yield opening


async def met(bank: Bank, customer: str, days: int) -> None:
    receipt = await meet(bank, customer, ago(days))
    await relationship(bank, customer, receipt)


async def test_a_change_comes_live_and_a_stream_goes_on_where_it_was_left(served: tuple[Bank, str]) -> None:
    bank, url = served
    async with listening(bank, url) as live:
        await met(bank, bank.customer, 1)
        first = await live.message()
        assert first["event"] == "relationship.assessed"
        assert first["data"]["customer_id"] == bank.customer
        assert first["data"]["institution_id"] == bank.branch
    await met(bank, bank.customer, 30)
    await met(bank, bank.stranger, 1)
    seen = []
    async with listening(bank, url, last=first["id"]) as resumed:
        while len({message["data"]["customer_id"] for message in seen}) < 2:
            seen.append(await resumed.message())
        await met(bank, bank.customer, 60)
        seen.append(await resumed.message())
    assert [message["id"] for message in seen] == list(range(first["id"] + 1, first["id"] + 1 + len(seen)))
    async with listening(bank, url, last=0) as again:
        told = [await again.message() for _ in range(seen[-1]["id"])]
    assert told[-len(seen) :] == seen
    assert [message["id"] for message in told] == list(range(1, seen[-1]["id"] + 1))


async def test_everybody_hears_of_the_own_branch_alone(served: tuple[Bank, str]) -> None:
    bank, url = served
    async with (
        listening(bank, url, role=bank.other) as other,
        listening(bank, url, institution=bank.elsewhere) as filtered,
        listening(bank, url, role=bank.officer, institution=bank.elsewhere) as nothing,
        listening(bank, url, manager="m1") as managed,
    ):
        await met(bank, bank.customer, 1)
        await met(bank, bank.stranger, 1)
        for stream_ in (other, filtered):
            message = await stream_.message()
            assert message["data"]["customer_id"] == bank.stranger
        for stream_ in (nothing, managed):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await stream_.message()


async def test_a_quiet_stream_is_kept_alive(served: tuple[Bank, str], monkeypatch: pytest.MonkeyPatch) -> None:
    bank, url = served
    monkeypatch.setattr(stream, "HEARTBEAT", 0.05)
    async with listening(bank, url) as quiet:
        assert (await quiet.block())[""] == "still here"
        await met(bank, bank.customer, 1)
        assert (await quiet.message())["data"]["customer_id"] == bank.customer


async def test_a_stream_ends_after_its_time_and_leaves_nothing_behind(
    served: tuple[Bank, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bank, url = served
    broadcast = bank.app.app.state.services["scoring"].broadcast
    async with listening(bank, url):
        assert broadcast.subscribers == 1
    async with asyncio.timeout(5):
        while broadcast.subscribers:
            await asyncio.sleep(0.01)
            await met(bank, bank.customer, 1)
    monkeypatch.setattr(stream, "LIFE", 0.1)
    monkeypatch.setattr(stream, "HEARTBEAT", 0.05)
    async with listening(bank, url) as short:
        with pytest.raises(EOFError):
            await short.rest()


async def test_a_position_that_is_none_is_refused(served: tuple[Bank, str]) -> None:
    bank, url = served
    async with httpx.AsyncClient(base_url=url, headers=bank.admin.headers) as client:
        for last in ("x", "-1", "1.5", "9" * 21, ""):
            answer = await client.get("/v1/relationships/stream", headers={"Last-Event-ID": last})
            assert answer.status_code == 422, last
            assert answer.json()["errors"][0]["pointer"] == "last-event-id"


async def test_a_step_is_told_and_less_than_a_step_is_not(served: tuple[Bank, str]) -> None:
    """`publish_step` is one point: a complaint moves more, a second contact in one week moves nothing."""
    bank, url = served
    await met(bank, bank.customer, 1)
    scoring: Any = bank.app.app.state.services["scoring"]
    head = await scoring.log.head()
    await met(bank, bank.customer, 1)
    assert await scoring.log.head() == head
    async with listening(bank, url, last=head) as live:
        received = await complain(bank, bank.customer, ago(1))
        fallen = await relationship(bank, bank.customer, received)
        told = await live.message()
    assert told["data"]["strength"] == round(fallen["strength"] * 10_000)
    assert abs(told["data"]["strength"] - told["data"]["previous_strength"]) >= 10_000
