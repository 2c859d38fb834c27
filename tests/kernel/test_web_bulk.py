"""Bulk NDJSON: in process, and through a real server under uvloop."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from shared.auth.issuer import LocalIssuer
from shared.committer import Overloaded
from shared.keyring import Keyring
from shared.web import bulk
from support.notes import NotesApp

NDJSON = {"Content-Type": "application/x-ndjson"}
MARK = "MARKED-13800138000"


def lines(*bodies: Any) -> bytes:
    return b"".join(body if isinstance(body, bytes) else json.dumps(body).encode() + b"\n" for body in bodies)


async def send(http: httpx.AsyncClient, content: Any, **headers: str) -> tuple[list[dict[str, Any]], dict[str, int]]:
    answer = await http.post("/v1/notes/bulk", content=content, headers={**NDJSON, **headers}, timeout=60)
    assert answer.status_code == 200, answer.text
    assert MARK not in answer.text
    *verdicts, summary = [json.loads(line) for line in answer.text.splitlines()]
    return verdicts, summary["summary"]


async def test_one_bad_line_never_spoils_the_rest(http: httpx.AsyncClient, notes: NotesApp) -> None:
    body = lines(
        {"text": "first"},
        b"{broken\n",
        {"text": 5},
        {"text": "a", MARK: 1},
        {"text": "forbidden"},
        {"text": "unknown"},
        b'{"text": "\\u0000"}\n',
        b"\xff\xfe\n",
        b"[" * 1000 + b"\n",
        b"\n",
        b"null\n",
        {"text": "last"},
    )
    verdicts, summary = await send(http, body)
    assert [(verdict["line"], verdict["status"]) for verdict in verdicts] == [
        (1, "accepted"),
        *((number, "rejected") for number in range(2, 10)),
        (11, "rejected"),
        (12, "accepted"),
    ]
    codes = [verdict["problem"]["code"] for verdict in verdicts if verdict["status"] == "rejected"]
    assert codes == [
        "invalid_json",
        "invalid_request",
        "invalid_request",
        "forbidden_text",
        "unknown_text",
        "invalid_text",
        "invalid_json",
        "too_deep",
        "invalid_request",
    ]
    by_line = {verdict["line"]: verdict for verdict in verdicts}
    assert by_line[3]["problem"]["errors"][0]["pointer"] == "/text"
    assert by_line[11]["problem"]["errors"][0]["pointer"] == ""
    assert by_line[6]["problem"]["retryable"] is True
    assert by_line[5]["problem"]["retryable"] is False
    assert by_line[12]["position"] == "notes/note:2"
    assert summary == {"accepted": 2, "replayed": 0, "rejected": 9, "limit": 0}
    assert await notes.service.log.head() == 2


async def test_a_line_that_comes_twice_is_replayed(http: httpx.AsyncClient, notes: NotesApp) -> None:
    one = {"text": "a", "reference": {"system": "core", "id": "1"}}
    verdicts, _ = await send(http, lines(one, one, {**one, "text": "b"}))
    assert [verdict["status"] for verdict in verdicts] == ["accepted", "replayed", "rejected"]
    assert verdicts[0]["id"] == verdicts[1]["id"]
    assert verdicts[2]["problem"]["code"] == "idempotency_key_reused"
    again, summary = await send(http, lines(one))
    assert (again[0]["status"], again[0]["position"]) == ("replayed", verdicts[0]["position"])
    assert summary["replayed"] == 1
    single = await http.post("/v1/notes", json=one)
    assert (single.json()["id"], single.headers["idempotency-replayed"]) == (verdicts[0]["id"], "true")
    assert await notes.service.log.head() == 1


async def test_a_request_key_makes_every_line_repeatable(http: httpx.AsyncClient, notes: NotesApp) -> None:
    body = lines({"text": "a"}, {"text": "a"}, {"text": "b"})
    first, _ = await send(http, body, **{"Idempotency-Key": "import-1"})
    again, summary = await send(http, body, **{"Idempotency-Key": "import-1"})
    assert [verdict["id"] for verdict in again] == [verdict["id"] for verdict in first]
    assert summary == {"accepted": 0, "replayed": 3, "rejected": 0, "limit": 0}
    assert await notes.service.log.head() == 3


async def test_without_keys_equal_lines_are_two_things(http: httpx.AsyncClient, notes: NotesApp) -> None:
    await send(http, lines({"text": "a"}, {"text": "a"}))
    assert await notes.service.log.head() == 2


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_lines_may_be_cut_anywhere(http: httpx.AsyncClient, newline: bytes, size: int) -> None:
    body = newline.join(json.dumps({"text": f"王 {n}"}, ensure_ascii=False).encode() for n in range(40))

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    verdicts, summary = await send(http, pieces())
    assert summary["accepted"] == 40
    assert [verdict["line"] for verdict in verdicts] == list(range(1, 41))


async def test_a_body_that_ends_in_the_middle_of_a_line(http: httpx.AsyncClient) -> None:
    verdicts, _ = await send(http, lines({"text": "a"}) + b'{"text": "trunc')
    assert [verdict["status"] for verdict in verdicts] == ["accepted", "rejected"]
    assert verdicts[1]["problem"]["code"] == "invalid_json"


async def test_an_empty_body_is_an_empty_answer(http: httpx.AsyncClient) -> None:
    for body in (b"", b"\n\n \n"):
        assert await send(http, body) == ([], {"accepted": 0, "replayed": 0, "rejected": 0, "limit": 0})


async def test_a_line_that_is_too_long_is_passed_over(http: httpx.AsyncClient) -> None:
    body = lines({"text": "a"}, {"text": "x" * 70_000}, {"text": "b"}, b'{"text": "' + b"y" * 300_000)
    verdicts, summary = await send(http, body)
    assert [verdict["status"] for verdict in verdicts] == ["accepted", "rejected", "accepted", "rejected"]
    assert [verdicts[n]["problem"]["code"] for n in (1, 3)] == ["line_too_long"] * 2
    assert summary["accepted"] == 2


async def test_lines_past_the_limit_are_not_executed(
    http: httpx.AsyncClient, notes: NotesApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(bulk.__globals__, "MAX_LINES", 700)
    verdicts, summary = await send(http, lines(*({"text": str(n)} for n in range(1200))))
    assert summary == {"accepted": 700, "replayed": 0, "rejected": 0, "limit": 500}
    assert [verdict["line"] for verdict in verdicts] == list(range(1, 1201))
    assert verdicts[700]["problem"] == {**verdicts[700]["problem"], "code": "limit", "retryable": True}
    assert await notes.service.log.head() == 700


async def test_bytes_past_the_limit_are_not_executed(
    http: httpx.AsyncClient, notes: NotesApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(bulk.__globals__, "MAX_BYTES", 2000)
    _, summary = await send(http, lines(*({"text": "x" * 80} for _ in range(50))))
    assert 0 < summary["accepted"] < 25
    assert summary["limit"] == 50 - summary["accepted"]
    assert await notes.service.log.head() == summary["accepted"]


async def test_a_busy_log_is_a_verdict_that_may_be_tried_again(
    http: httpx.AsyncClient, notes: NotesApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(_: Any) -> Any:
        raise Overloaded

    monkeypatch.setattr(notes.service.executor, "execute_many", busy)
    verdicts, summary = await send(http, lines({"text": "a"}, {"text": 5}))
    assert summary["rejected"] == 2
    assert [verdict["problem"]["retryable"] for verdict in verdicts] == [True, False]


async def test_a_defect_in_one_chunk_leaves_the_verdicts_of_the_others(
    http: httpx.AsyncClient, notes: NotesApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute_many = notes.service.executor.execute_many
    calls = 0

    async def once_broken(operations: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise ValueError(MARK)
        return await execute_many(operations)

    monkeypatch.setattr(notes.service.executor, "execute_many", once_broken)
    verdicts, summary = await send(http, lines(*({"text": str(n)} for n in range(1500))))
    assert summary == {"accepted": 1000, "replayed": 0, "rejected": 500, "limit": 0}
    assert {verdict["problem"]["code"] for verdict in verdicts[500:1000]} == {"internal_error"}


async def test_a_client_that_stalls_is_let_go(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(bulk.__globals__, "IDLE", 0.05)

    async def stalling() -> AsyncIterator[bytes]:
        yield b'{"text": "a"}\n'
        await asyncio.sleep(1)
        yield b'{"text": "b"}\n'

    answer = await http.post("/v1/notes/bulk", content=stalling(), headers=NDJSON)
    assert (answer.status_code, answer.json()["code"]) == (408, "timeout")


async def test_a_client_that_leaves_is_no_error(server: tuple[str, NotesApp], caplog: pytest.LogCaptureFixture) -> None:
    url, application = server
    head = f"POST /v1/notes/bulk HTTP/1.1\r\nHost: x\r\nAuthorization: {application.token()['Authorization']}\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(f"{head}Content-Length: 1000\r\n\r\n".encode() + b'{"text": "a"}\n')
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.close()
    await asyncio.sleep(0.2)
    async with httpx.AsyncClient(base_url=url, headers=application.token()) as http:
        assert (await http.get("/v1/notes")).status_code == 200
    assert not [record for record in caplog.records if record.exc_info]


async def test_bulk_asks_for_the_scope_before_it_reads(http: httpx.AsyncClient, notes: NotesApp) -> None:
    answer = await http.post("/v1/notes/bulk", content=lines({"text": "a"}), headers=notes.token("analyst"))
    assert answer.status_code == 403


@pytest.fixture(params=["asyncio", "uvloop"])
def server(request: Any, issuer: LocalIssuer, unused_port: int) -> Iterator[tuple[str, NotesApp]]:
    application = NotesApp(issuer, Keyring(b"a secret of a test, long enough"))
    config = uvicorn.Config(application.app, port=unused_port, loop=request.param, log_level="error")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started and thread.is_alive():
        time.sleep(0.01)
    yield f"http://127.0.0.1:{unused_port}", application
    running.should_exit = True
    thread.join(20)


async def test_a_real_server_answers_every_line(server: tuple[str, NotesApp]) -> None:
    url, application = server
    body = lines(*({"text": f"note {n}", "reference": {"system": "core", "id": str(n)}} for n in range(5000)))

    async def slowly() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 50_000):
            yield body[start : start + 50_000]
            await asyncio.sleep(0)

    async with httpx.AsyncClient(base_url=url, headers=application.token()) as http:
        verdicts, summary = await send(http, slowly())
        assert summary == {"accepted": 5000, "replayed": 0, "rejected": 0, "limit": 0}
        assert len({verdict["position"] for verdict in verdicts}) == 5000
        whole, again = await send(http, body)
        assert again["replayed"] == 5000
        assert [verdict["id"] for verdict in whole] == [verdict["id"] for verdict in verdicts]
        assert (await http.get("/v1/notes", params={"limit": 1})).status_code == 200


async def test_a_real_server_refuses_large_bodies_and_goes_on(server: tuple[str, NotesApp]) -> None:
    url, application = server
    headers = {**application.token(), "Content-Type": "application/json"}
    async with httpx.AsyncClient(base_url=url, headers=headers) as http:
        answer = await http.post("/v1/notes", content=b'{"text": "' + b"x" * 3_000_000 + b'"}')
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert (await http.post("/v1/notes", json={"text": "a"})).status_code == 201
