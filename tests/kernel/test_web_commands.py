"""Commands over HTTP: receipts, idempotency, If-Match, freshness."""

import httpx


async def test_a_command_answers_with_id_version_and_position(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/notes", json={"text": "hello"})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body == {"id": body["id"], "version": 1, "position": "notes/note:1"}
    assert answer.headers["etag"] == '"1"'
    read = await http.get(f"/v1/notes/{body['id']}", params={"min_position": body["position"]})
    assert read.json()["text"] == "hello"
    assert read.headers["etag"] == '"1"'
