"""A very small bank behind the real conventions of bulk and single commands, for the client and the loader."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from services.cli.client import Api
from services.cli.connection import connect


class TinyBank:
    """Remembers references, and answers as the services do: 201 then 200, verdict lines, problems with codes."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[str, object]] = {}
        self.requests: list[str] = []
        self.tokens = 0
        self.valid = ""
        self.busy = 0
        self.unknown_until = 0
        self.app = FastAPI()
        self.app.post("/v1/dev/tokens")(self.mint)
        self.app.post("/v1/transactions/bulk")(self.bulk)
        self.app.post("/v1/promises")(self.single)
        self.app.post("/v1/promises/{promise_id}/fulfilment")(self.single)

    async def mint(self) -> dict[str, str]:
        self.tokens += 1
        self.valid = f"token-{self.tokens}"
        return {"access_token": self.valid}

    async def bulk(self, request: Request) -> Response:
        self.requests.append("bulk")
        if refusal := self._refusal(request):
            return refusal
        lines = (await request.body()).splitlines()
        verdicts = [self._line(number, json.loads(line)) for number, line in enumerate(lines, 1)]
        text = "".join(json.dumps(verdict, separators=(",", ":")) + "\n" for verdict in verdicts)
        return Response(text + '{"summary":{}}\n', media_type="application/x-ndjson")

    async def single(self, request: Request) -> Response:
        key = request.headers["idempotency-key"]
        assert len(key) <= 64
        body = await request.json()
        self.requests.append(f"{request.url.path} {body.get('subject')}")
        if refusal := self._refusal(request):
            return refusal
        if body.get("subject") == "bad":
            return problem(422, "invalid_request", [{"pointer": "/subject", "code": "bad_subject", "detail": "No."}])
        replayed = {"idempotency-replayed": "true"} if key in self.seen else {}
        self.seen[key] = body
        return Response(json.dumps({"id": key, "version": 1}), 201, replayed, media_type="application/json")

    def _refusal(self, request: Request) -> Response | None:
        if request.headers.get("authorization") != f"Bearer {self.valid}":
            return problem(401, "unauthorized")
        if self.busy:
            self.busy -= 1
            return problem(503, "unavailable", headers={"retry-after": "0"})
        return None

    def _line(self, number: int, body: dict[str, object]) -> dict[str, object]:
        reference = json.dumps(body["reference"])
        if body["account_id"] == "acc_unknown":
            return {"line": number, "status": "rejected", "problem": {"code": "unknown_account", "detail": "No."}}
        if body["account_id"] == "acc_late" and self.unknown_until > 0:
            self.unknown_until -= 1
            late = {"code": "unknown_customer", "detail": "Not yet.", "retryable": True}
            return {"line": number, "status": "rejected", "problem": late}
        status = "replayed" if reference in self.seen else "accepted"
        self.seen[reference] = body
        return {
            "line": number,
            "status": status,
            "id": "txn_1",
            "version": 1,
            "position": f"customer/transaction:{number}",
        }


def problem(
    status: int, code: str, errors: list[dict[str, str]] | None = None, headers: dict[str, str] | None = None
) -> Response:
    document = {"status": status, "code": code, "detail": f"It is {code}.", "errors": errors or []}
    return Response(json.dumps(document), status, headers, media_type="application/problem+json")


@pytest.fixture
def bank() -> TinyBank:
    return TinyBank()


@pytest.fixture
async def api(bank: TinyBank) -> AsyncIterator[Api]:
    async with Api(connect("http://bank", None), transport=httpx.ASGITransport(bank.app)) as session:
        yield session
