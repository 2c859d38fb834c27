"""Commands over HTTP: receipts, idempotency, If-Match, freshness, scope."""

import asyncio

import httpx
import pytest

from shared.committer import Overloaded
from shared.database import unavailable
from shared.keyring import Keyring
from shared.log import LogUnavailable
from support.notes import NotesApp

JSON = {"Content-Type": "application/json"}


async def written(http: httpx.AsyncClient, text: str = "hello", **body: object) -> dict[str, str]:
    answer = await http.post("/v1/notes", json={"text": text, **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_command_answers_with_id_version_and_position(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/notes", json={"text": "hello"})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body == {"id": body["id"], "version": 1, "position": "notes/note:1"}
    assert answer.headers["etag"] == '"1"'
    read = await http.get(f"/v1/notes/{body['id']}", params={"min_position": body["position"]})
    assert read.json()["text"] == "hello"
    assert read.headers["etag"] == '"1"'


async def test_a_repeated_key_answers_as_the_first_time(http: httpx.AsyncClient, notes: NotesApp) -> None:
    headers = {"Idempotency-Key": "key-1"}
    first = await http.post("/v1/notes", json={"text": "a", "pages": 2}, headers=headers)
    again = await http.post("/v1/notes", content=b'{"pages":2,  "text":"\\u0061"}', headers={**headers, **JSON})
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert await notes.service.log.head() == 1


async def test_a_repeated_key_with_another_body_is_refused(http: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "key-1"}
    await http.post("/v1/notes", json={"text": "a"}, headers=headers)
    refused = await http.post("/v1/notes", json={"text": "b"}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_key_is_one_clients_own_and_one_operations(http: httpx.AsyncClient, notes: NotesApp) -> None:
    headers = {"Idempotency-Key": "key-1"}
    mine = (await http.post("/v1/notes", json={"text": "a"}, headers=headers)).json()
    other = notes.token("teller", subject="somebody-else")
    theirs = (await http.post("/v1/notes", json={"text": "b"}, headers={**headers, **other})).json()
    assert mine["id"] != theirs["id"]
    archived = await http.post(f"/v1/notes/{mine['id']}/archival", headers=headers)
    assert archived.status_code == 201
    elsewhere = await http.post(f"/v1/notes/{theirs['id']}/archival", headers=headers)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "idempotency_key_reused")


async def test_refusals_are_not_remembered(http: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "key-1"}
    refused = await http.post("/v1/notes", json={"text": "forbidden"}, headers=headers)
    assert refused.status_code == 422
    assert (await http.post("/v1/notes", json={"text": "allowed"}, headers=headers)).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "x" * 65, "tab\there"])
async def test_keys_are_short_and_visible(http: httpx.AsyncClient, key: str) -> None:
    answer = await http.post("/v1/notes", json={"text": "a"}, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_idempotency_key")


async def test_a_reference_makes_a_repetition_harmless(http: httpx.AsyncClient, notes: NotesApp) -> None:
    body = {"text": "a", "reference": {"system": "core", "id": "4711"}}
    first = await http.post("/v1/notes", json=body)
    again = await http.post("/v1/notes", json=body, headers=notes.token("teller", subject="another"))
    assert again.json() == first.json()
    changed = await http.post("/v1/notes", json={**body, "text": "b"})
    assert (changed.status_code, changed.json()["code"]) == (422, "idempotency_key_reused")


async def test_what_holds_already_is_200_with_the_head(http: httpx.AsyncClient) -> None:
    note = await written(http)
    await written(http, "another")
    first = await http.post(f"/v1/notes/{note['id']}/archival")
    again = await http.post(f"/v1/notes/{note['id']}/archival")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json() == {"id": note["id"], "version": 2, "position": "notes/note:3"}


async def test_if_match_is_checked_where_it_is_given(http: httpx.AsyncClient) -> None:
    note = await written(http)
    path = f"/v1/notes/{note['id']}/archival"
    stale = await http.post(path, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["code"], stale.headers["etag"]) == (412, "stale_version", '"1"')
    for malformed in ("1", 'W/"1"', '"01"', '"1", "2"', '"x"'):
        refused = await http.post(path, headers={"If-Match": malformed})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_if_match")
    assert (await http.post(path, headers={"If-Match": '"1"'})).status_code == 201
    assert (await http.post(path, headers={"If-Match": "*"})).status_code == 200


async def test_patch_needs_if_match(http: httpx.AsyncClient) -> None:
    note = await written(http)
    missing = await http.patch(f"/v1/notes/{note['id']}")
    assert (missing.status_code, missing.json()["code"]) == (428, "if_match_required")
    assert (await http.patch(f"/v1/notes/{note['id']}", headers={"If-Match": '"1"'})).status_code == 200


async def test_twenty_at_once_archive_one_note_once(http: httpx.AsyncClient, notes: NotesApp) -> None:
    note = await written(http)
    answers = await asyncio.gather(*(http.post(f"/v1/notes/{note['id']}/archival") for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert await notes.service.log.head() == 2


async def test_another_branch_sees_and_changes_nothing(http: httpx.AsyncClient, notes: NotesApp) -> None:
    note = await written(http, institution_id="ins_a")
    headers = notes.token("teller", institution="ins_b")
    assert (await http.get(f"/v1/notes/{note['id']}", headers=headers)).status_code == 404
    assert (await http.post(f"/v1/notes/{note['id']}/archival", headers=headers)).status_code == 404
    assert (await http.post("/v1/notes/nte_" + 32 * "0" + "/archival", headers=headers)).status_code == 404


async def test_what_the_views_have_not_reached_is_503(http: httpx.AsyncClient) -> None:
    note = await written(http)
    answer = await http.get(f"/v1/notes/{note['id']}", params={"min_position": "notes/note:99"})
    assert (answer.status_code, answer.json()["code"]) == (503, "projection_behind")
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("token", ["x", "notes/note", "notes/note:-1", "notes:1", "a/b:1,,", ",".join(["a/b:1"] * 17)])
async def test_positions_that_nobody_gave_are_refused(http: httpx.AsyncClient, token: str) -> None:
    answer = await http.get("/v1/notes/nte_" + 32 * "0", params={"min_position": token})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_position")


async def test_pages_follow_each_other_and_belong_to_their_list(http: httpx.AsyncClient) -> None:
    for number in range(5):
        await written(http, f"note {number}")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await http.get("/v1/notes", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 5


async def test_a_cursor_cannot_be_made_up_or_carried_elsewhere(http: httpx.AsyncClient, notes: NotesApp) -> None:
    for number in range(3):
        await written(http, f"note {number}")
    cursor = (await http.get("/v1/notes", params={"limit": 2})).json()["next_cursor"]
    branch = notes.token("teller", institution="ins_a")
    changed = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    for params, headers in (
        ({"cursor": changed}, {}),
        ({"cursor": "x"}, {}),
        ({"cursor": "%%%"}, {}),
        ({"cursor": "é"}, {}),
        ({"cursor": cursor}, branch),
    ):
        answer = await http.get("/v1/notes", params=params, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


@pytest.mark.parametrize(("error", "code"), [(Overloaded(), "overloaded"), (LogUnavailable(), "log_unavailable")])
async def test_busy_is_503_with_when_to_come_again(
    http: httpx.AsyncClient, notes: NotesApp, error: Exception, code: str
) -> None:
    notes.service.crash.append(error)
    answer = await http.get("/v1/crash")
    assert (answer.status_code, answer.json()["code"]) == (503, code)
    assert "retry-after" in answer.headers


async def test_a_database_that_is_away_is_503(http: httpx.AsyncClient, notes: NotesApp) -> None:
    error = ConnectionRefusedError("postgresql://user:password@host")
    assert unavailable(error)
    notes.service.crash.append(error)
    answer = await http.get("/v1/crash")
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")


async def test_a_defect_is_told_without_detail(
    http: httpx.AsyncClient, notes: NotesApp, caplog: pytest.LogCaptureFixture
) -> None:
    notes.service.crash.append(ValueError("the customer's secret"))
    answer = await http.get("/v1/crash")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert any(record.exc_info for record in caplog.records)


async def test_correlation_and_trace_reach_the_event(http: httpx.AsyncClient, notes: NotesApp) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"X-Correlation-Id": "visit-7", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    answer = await http.post("/v1/notes", json={"text": "a"}, headers=headers)
    assert answer.headers["x-correlation-id"] == "visit-7"
    (record,) = await notes.service.log.read(0, 1)
    meta = notes.service.codec.decode(record).meta
    assert (meta.correlation_id, meta.actor_role, meta.actor_id) == ("visit-7", "teller", "local:teller")
    assert trace in meta.traceparent
    problem = await http.post("/v1/notes", json={}, headers=headers)
    assert problem.json()["trace_id"] == trace


async def test_ids_that_are_not_well_formed_are_replaced(http: httpx.AsyncClient) -> None:
    headers = {b"X-Correlation-Id": "王 <script>".encode(), b"traceparent": b"00-" + b"0" * 32}
    answer = await http.get("/v1/notes", headers=headers)
    assert len(answer.headers["x-correlation-id"]) == 32
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_key_survives_a_new_process_with_the_same_secret() -> None:
    one, other = (Keyring(b"the same secret everywhere") for _ in range(2))
    assert one.digest("idempotency", "a", "bc") == other.digest("idempotency", "a", "bc")
    assert one.digest("idempotency", "a", "bc") != one.digest("idempotency", "ab", "c")
    assert one.digest("idempotency", "a") != one.digest("fingerprint", "a")
