"""Bad input at the edge: a stable code, a pointer, and never what was sent."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from shared.web.limits import RateLimit
from shared.web.middleware import EdgeMiddleware
from shared.web.openapi import unscoped
from support.notes import NotesApp

MARK = "MARKED-13800138000"
JSON = {"Content-Type": "application/json"}

BODIES: list[tuple[Any, str, str]] = [
    ({}, "/text", "missing"),
    ({"text": None}, "/text", "wrong_type"),
    ({"text": 5}, "/text", "wrong_type"),
    ({"text": [MARK]}, "/text", "wrong_type"),
    ({"text": ""}, "/text", "too_short"),
    ({"text": MARK * 50}, "/text", "too_long"),
    ({"text": "a", MARK: 1}, "", "unknown_field"),
    ({"text": "a", "reference": {"system": "core", "id": "1", MARK: 1}}, "/reference", "unknown_field"),
    ({"text": "a", "pages": "2"}, "/pages", "wrong_type"),
    ({"text": "a", "pages": 2.0}, "/pages", "wrong_type"),
    ({"text": "a", "pages": True}, "/pages", "wrong_type"),
    ({"text": "a", "pages": -1}, "/pages", "out_of_range"),
    ({"text": "a", "pages": 10**30}, "/pages", "out_of_range"),
    ({"text": "a", "due": MARK}, "/due", "invalid_date"),
    ({"text": "a", "due": 20260101}, "/due", "invalid_date"),
    ({"text": "a", "due": "2026-02-30"}, "/due", "invalid_date"),
    ({"text": "a", "due": "2026-01-01T00:00:00Z"}, "/due", "invalid_date"),
    ({"text": "a", "due": "0001-01-01"}, "/due", "date_out_of_range"),
    ({"text": "a", "occurred_at": "2026-01-01T00:00:00"}, "/occurred_at", "invalid_date"),
    ({"text": "a", "occurred_at": "2026-W01-1"}, "/occurred_at", "invalid_date"),
    ({"text": "a", "occurred_at": "9999-12-31T23:59:59-23:00"}, "/occurred_at", "invalid_date"),
    ({"text": "a", "occurred_at": "2190-01-01"}, "/occurred_at", "occurred_in_future"),
    ({"text": "a", "amount": 12}, "/amount", "wrong_type"),
    ({"text": "a", "amount": {"currency": "CNY", "amount": 12.5}}, "/amount/amount", "wrong_type"),
    ({"text": "a", "amount": {"currency": "CNY", "amount": "-1.00"}}, "/amount/amount", "negative_amount"),
    ({"text": "a", "amount": {"currency": "CNY", "amount": "1.005"}}, "/amount/amount", "too_precise"),
    ({"text": "a", "amount": {"currency": "CNY", "amount": "1e3"}}, "/amount/amount", "invalid_amount"),
    ({"text": "a", "amount": {"currency": "CNY", "amount": "NaN"}}, "/amount/amount", "invalid_amount"),
    ({"text": "a", "amount": {"currency": "CNY", "amount": "9" * 30}}, "/amount/amount", "amount_too_large"),
    ({"text": "a", "amount": {"currency": "XXX", "amount": "1.00"}}, "/amount/currency", "unknown_currency"),
    ({"text": "a", "reference": {"system": "co re", "id": "1"}}, "/reference/system", "invalid_format"),
    ({"text": "a", "reference": {"system": "core", "id": ""}}, "/reference/id", "too_short"),
    ({"text": "forbidden"}, "/text", "forbidden_text"),
    ([MARK], "", "wrong_type"),
    (MARK, "", "wrong_type"),
    (None, "", "missing"),
]


@pytest.mark.parametrize(("body", "pointer", "code"), BODIES, ids=[str(number) for number in range(len(BODIES))])
async def test_bad_bodies(http: httpx.AsyncClient, notes: NotesApp, body: Any, pointer: str, code: str) -> None:
    answer = await http.post("/v1/notes", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (pointer, code) in [(error["pointer"], error["code"]) for error in problem["errors"]]
    assert MARK not in answer.text
    assert problem["trace_id"]
    assert await notes.service.log.head() == 0


RAW: list[tuple[bytes, int, str]] = [
    (b"{", 400, "invalid_json"),
    (b'{"text": "a"', 400, "invalid_json"),
    (b'{"text": NaN}', 400, "invalid_json"),
    (b'{"text": "a", "pages": Infinity}', 400, "invalid_json"),
    (b'{"text": "a", "pages": 1e999}', 400, "invalid_json"),
    (b'{"text": "\xff\xfe"}', 400, "invalid_json"),
    ('{"text": "a"}'.encode("utf-16"), 400, "invalid_json"),
    (b'{"text": "a\\u0000b"}', 422, "invalid_text"),
    (b'{"text": "a", "\\u0000": 1}', 422, "invalid_text"),
    (b'{"text": "a\\ud800b"}', 422, "invalid_text"),
    (b'{"text": "a\x00b"}', 400, "invalid_json"),
    (b"[" * 1_000_000, 422, "too_deep"),
    (b'{"a":' * 150_000, 422, "too_deep"),
    (b'{"text": ' + b"[" * 40 + b"]" * 40 + b"}", 422, "too_deep"),
    (b'{"text": "' + b"x" * 1_100_000 + b'"}', 413, "body_too_large"),
    (b'{"text": "a", "pages": ' + b"9" * 10_000 + b"}", 0, ""),
]


@pytest.mark.parametrize(("body", "status", "code"), RAW, ids=[str(number) for number in range(len(RAW))])
async def test_bad_bytes(http: httpx.AsyncClient, notes: NotesApp, body: bytes, status: int, code: str) -> None:
    answer = await http.post("/v1/notes", content=body, headers=JSON)
    assert 400 <= answer.status_code < 500, answer.text
    if status:
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await notes.service.log.head() == 0


async def test_escaped_backslashes_and_braces_in_texts_are_fine(http: httpx.AsyncClient) -> None:
    text = "\\u0000 " + "{[" * 60 + '\\" \\'
    answer = await http.post("/v1/notes", content=json.dumps({"text": text}), headers=JSON)
    assert answer.status_code == 201, answer.text
    assert (await http.get(f"/v1/notes/{answer.json()['id']}")).json()["text"] == text
    assert (await http.post("/v1/notes", json={"text": "🙂"}, headers=JSON)).status_code == 201
    assert (await http.post("/v1/notes", content=b'{"text":"\\ud83d\\ude42"}', headers=JSON)).status_code == 201


async def test_only_json_is_taken(http: httpx.AsyncClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"):
        answer = await http.post("/v1/notes", content=b'{"text": "a"}', headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert (await http.post("/v1/notes", content=b'{"text": "a"}')).status_code == 415
    json_utf8 = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert (await http.post("/v1/notes", content=b'{"text": "a"}', headers=json_utf8)).status_code == 201


async def test_parameters_are_pointed_at_by_name(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/notes", params={"limit": MARK})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "limit")
    assert MARK not in answer.text
    answer = await http.get(f"/v1/notes/{MARK}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "note_id")
    assert MARK not in answer.text


async def test_a_parameter_that_nobody_declared_is_not_passed_over(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/notes", params={"limit": 1, MARK: 1})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_parameter")
    assert MARK not in answer.text


@pytest.mark.parametrize("path", ["/v1/notes/a%00b", "/v1/notes?cursor=a%00b", "/%00"])
async def test_no_zero_in_the_address(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 422


async def test_a_method_that_is_not_there_names_all_that_are(http: httpx.AsyncClient) -> None:
    answer = await http.delete("/v1/notes")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST"
    answer = await http.put("/v1/notes/nte_" + 32 * "0")
    assert answer.headers["allow"] == "GET, PATCH"
    answer = await http.patch("/v1/notes/bulk")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_a_path_that_is_not_there(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"/v1/{MARK}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert MARK not in answer.text


async def test_a_request_that_takes_too_long_ends(
    http: httpx.AsyncClient, notes: NotesApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(_: str) -> None:
        await asyncio.sleep(30)

    monkeypatch.setattr("shared.web.route.TIMEOUT", 0.05)
    monkeypatch.setattr(notes.service, "get", slow)
    answer = await http.get("/v1/notes/nte_" + 32 * "0")
    assert (answer.status_code, answer.json()["code"]) == (503, "timeout")


async def test_a_flood_is_slowed_down(notes: NotesApp) -> None:
    app = EdgeMiddleware(notes.app, RateLimit(1, 3))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        answers = [await http.get("/v1/notes", headers=notes.token()) for _ in range(1)]
        headers = notes.token()
        answers += [await http.get("/v1/notes", headers=headers) for _ in range(5)]
        assert [answer.status_code for answer in answers].count(429) >= 2
        limited = answers[-1]
        assert (limited.json()["code"], limited.headers["retry-after"]) == ("too_many_requests", "1")
        assert (await http.get("/v1/notes", headers=notes.token(subject="calm"))).status_code == 200


def test_a_bucket_fills_again() -> None:
    now = 0.0
    limit = RateLimit(2, 2, clients=2, clock=lambda: now)
    assert [limit.take("a") == 0 for _ in range(3)] == [True, True, False]
    assert limit.take("a") == pytest.approx(0.5)
    now = 0.5
    assert limit.take("a") == 0
    for client in ("b", "c", "d"):
        assert limit.take(client) == 0
    assert len(limit._buckets) == 2


def test_every_route_declares_a_scope(notes: NotesApp) -> None:
    assert unscoped(notes.app) == []

    @notes.app.get("/v1/forgotten")
    async def forgotten() -> None:
        return None

    assert unscoped(notes.app) == ["['GET'] /v1/forgotten"]


def test_the_document_shows_problems_scopes_and_bulk(notes: NotesApp) -> None:
    document = notes.app.openapi()
    assert document["openapi"].startswith("3.1")
    operation = document["paths"]["/v1/notes"]["post"]
    assert operation["security"] == [{"bearer": ["customers:write"]}]
    assert "application/problem+json" in operation["responses"]["422"]["content"]
    assert "HTTPValidationError" not in json.dumps(document)
    bulk = document["paths"]["/v1/notes/bulk"]["post"]
    assert "application/x-ndjson" in bulk["requestBody"]["content"]
    assert "application/x-ndjson" in bulk["responses"]["200"]["content"]
    assert document["components"]["schemas"]["Problem"]["properties"]["errors"]
