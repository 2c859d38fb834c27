"""The public HTTP API as the command line calls it: base URLs, tokens, retries, NDJSON verdicts."""

import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import stamina

from services.cli.connection import Connection
from services.cli.errors import ApiError, CliError, Unreachable

RETRIED = {429, 503}
ATTEMPTS = 6
POOLS = 8
"""httpx looks at every connection of a pool for every request: eight small pools cost a third of one large one."""
TIMEOUT = httpx.Timeout(120.0, connect=5.0)

_json = msgspec.json.Decoder()


class Problem(msgspec.Struct, frozen=True):
    """The part of a problem document that a verdict carries."""

    code: str = "unknown"
    detail: str = ""
    errors: list[dict[str, Any]] = []
    retryable: bool = False


class Verdict(msgspec.Struct, frozen=True):
    """What became of one line of a bulk request; `line` counts from 1 within the request."""

    line: int
    status: str
    id: str | None = None
    version: int | None = None
    position: str | None = None
    problem: Problem | None = None


class Reply(msgspec.Struct, frozen=True):
    """A successful answer: status, decoded body (None when empty), and whether it repeats an earlier one."""

    status: int
    body: Any
    replayed: bool = False


class _Later(Exception):
    """The server asks to come back: carries Retry-After in seconds, when given."""

    def __init__(self, error: ApiError, seconds: float | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.seconds = seconds


class Api:
    """One running Guanxi. Use as an async context manager; safe for many tasks at once.

    `transport` replaces the network, for an application in the same process.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._connection = connection
        self._attempts = attempts
        self._clients = [httpx.AsyncClient(timeout=TIMEOUT, transport=transport) for _ in range(POOLS)]
        self._turns = itertools.cycle(self._clients)
        self._token = connection.token
        self._reached = False

    async def __aenter__(self) -> "Api":
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients:
            await client.aclose()

    async def get(self, service: str, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The decoded answer of a GET. Raises ApiError, Unreachable."""
        given = {name: value for name, value in (params or {}).items() if value is not None}
        return (await self._send("GET", service, path, params=given)).body

    async def post(self, service: str, path: str, body: Any = None, *, key: str = "") -> Reply:
        """Sends one command. `key` is its Idempotency-Key. Raises ApiError, Unreachable."""
        content = msgspec.json.encode(body) if body is not None else b""
        headers = {"content-type": "application/json"} | ({"idempotency-key": key} if key else {})
        return await self._send("POST", service, path, content=content, headers=headers)

    async def bulk(self, service: str, path: str, lines: Sequence[bytes]) -> AsyncIterator[Verdict]:
        """Sends lines as NDJSON and yields a verdict per line as the server writes them.

        A connection that breaks while verdicts stream is the caller's to repeat: lines are idempotent.
        """
        headers = {"content-type": "application/x-ndjson"}
        content = b"\n".join(lines) + b"\n"
        try:
            response = await self._open("POST", service, path, content=content, headers=headers)
        except ApiError as error:
            if error.status == 404:
                raise CliError(
                    f"{self._connection.base(service)} has no {path}: the {service} service is not there"
                ) from None
            raise
        answered = 0
        try:
            async for line in response.aiter_lines():
                if line and '"summary"' not in line[:12]:
                    answered += 1
                    yield msgspec.json.decode(line, type=Verdict)
        except httpx.TransportError as error:
            raise Unreachable(self._connection.base(service)) from error
        finally:
            await response.aclose()
        if answered != len(lines):
            raise CliError(f"{path} answered {answered} of {len(lines)} lines; run the command again to go on")

    async def lines(self, service: str, path: str, params: Mapping[str, Any] | None = None) -> AsyncIterator[bytes]:
        """The lines of an NDJSON answer as they come. Raises ApiError, Unreachable."""
        response = await self._open("GET", service, path, params=dict(params or {}))
        rest = b""
        try:
            async for piece in response.aiter_bytes():
                *complete, rest = (rest + piece).split(b"\n")
                for line in complete:
                    if line:
                        yield line
        except httpx.TransportError as error:
            raise Unreachable(self._connection.base(service)) from error
        finally:
            await response.aclose()
        if rest:
            yield rest

    async def _send(self, method: str, service: str, path: str, **request: Any) -> Reply:
        response = await self._open(method, service, path, **request)
        try:
            content = await response.aread()
        except httpx.TransportError as error:
            raise Unreachable(self._connection.base(service)) from error
        finally:
            await response.aclose()
        replayed = response.headers.get("idempotency-replayed") == "true"
        return Reply(response.status_code, _json.decode(content) if content else None, replayed)

    async def _open(self, method: str, service: str, path: str, **request: Any) -> httpx.Response:
        try:
            async for attempt in stamina.retry_context(
                on=self._backoff, attempts=self._attempts, timeout=60.0, wait_max=2.0
            ):
                with attempt:
                    return await self._once(method, service, path, **request)
        except _Later as later:
            raise later.error from later
        except httpx.TransportError as error:
            raise Unreachable(self._connection.base(service)) from error
        raise AssertionError("a retry context either returns or raises")

    def _backoff(self, error: Exception) -> bool | float:
        if isinstance(error, _Later):
            return min(error.seconds, 5.0) if error.seconds is not None else True
        # A server that has never answered is not there; one that has may be restarting. Repeating is safe: every
        # command has a reference or a key.
        lost = (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError)
        return self._reached and isinstance(error, lost)

    async def _once(self, method: str, service: str, path: str, **request: Any) -> httpx.Response:
        response = await self._authorised(method, service, path, **request)
        if response.status_code == 401 and self._connection.token is None:
            await response.aclose()
            self._token = None
            response = await self._authorised(method, service, path, **request)
        if response.is_success:
            return response
        error = await _problem(response)
        if response.status_code in RETRIED:
            raise _Later(error, _retry_after(response))
        raise error

    async def _authorised(self, method: str, service: str, path: str, **request: Any) -> httpx.Response:
        headers = {**request.pop("headers", {}), "authorization": f"Bearer {await self.token()}"}
        url = self._connection.base(service) + path
        http = next(self._turns)
        response = await http.send(http.build_request(method, url, headers=headers, **request), stream=True)
        self._reached = True
        return response

    async def token(self) -> str:
        """The given token, or one from the development endpoint of the running Guanxi."""
        if self._token is None:
            self._token = await self.mint("admin")
        return self._token

    async def mint(self, role: str, institution: str | None = None) -> str:
        """A token from `POST /v1/dev/tokens`, which answers in development on loopback only."""
        url = self._connection.base("customer") + "/v1/dev/tokens"
        body = {"role": role} | ({"institution": institution} if institution else {})
        try:
            response = await self._clients[0].post(url, json=body)
        except httpx.TransportError as error:
            raise Unreachable(self._connection.base("customer")) from error
        if response.status_code in (403, 404, 405):
            raise CliError("this Guanxi gives no development tokens: give one with --token or GUANXI_TOKEN")
        if not response.is_success:
            raise await _problem(response)
        return response.json()["access_token"]

    async def ready(self, service: str) -> tuple[bool, Any]:
        """Whether `/readyz` says yes, with its checks. Raises Unreachable."""
        url = self._connection.base(service)
        try:
            response = await self._clients[0].get(url + "/readyz")
        except httpx.TransportError as error:
            raise Unreachable(url) from error
        try:
            return response.is_success, response.json()
        except ValueError:
            return response.is_success, None


async def _problem(response: httpx.Response) -> ApiError:
    content = await response.aread()
    await response.aclose()
    try:
        document = msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.DecodeError:
        document = {}
    detail = document.get("detail") or document.get("title") or response.reason_phrase
    return ApiError(response.status_code, document.get("code", "unknown"), detail, document.get("errors"))


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("retry-after", "")
    return timedelta(seconds=int(text)).total_seconds() if text.isdecimal() else None
