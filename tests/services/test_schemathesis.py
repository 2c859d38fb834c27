"""schemathesis against all four services in one running process: whatever is sent, the document keeps its word."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case, Config

from services.embedded import create_app
from shared.runtime import Settings
from support import fuzz  # noqa: F401

APPLICATION = create_app(Settings(data=Path(mkdtemp()), metrics_port=0, rate_limit=1_000_000))
DOCUMENT = APPLICATION.openapi()
# A valid request may still be refused by the state of things: gone, stale, without If-Match, or against a rule.
REFUSALS = ["2xx", "3xx", "401", "403", "404", "409", "410", "412", "422", "428"]
CONFIG = Config.from_dict({"checks": {"positive_data_acceptance": {"expected-statuses": REFUSALS}}})
ENDLESS = "/v1/relationships/stream"
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG).exclude(path=[ENDLESS, "/v1/dev/tokens"])
ID = re.compile(r"[0-9a-f]{32}")
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture]


@pytest.fixture(scope="module")
def server() -> Iterator[SimpleNamespace]:
    running = uvicorn.Server(uvicorn.Config(APPLICATION, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        thread.join(0.02)
        assert thread.is_alive(), "the server did not start"
    port = running.servers[0].sockets[0].getsockname()[1]
    yield prepared(f"http://127.0.0.1:{port}")
    running.should_exit = True
    thread.join(10)


def prepared(url: str) -> SimpleNamespace:
    """One of everything, by the names of the routes' parameters."""
    headers = {"Authorization": f"Bearer {APPLICATION.state.issuer.mint('admin')}"}

    def post(path: str, **body: Any) -> str:
        answer = httpx.post(url + path, json=body, headers=headers, timeout=10)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    head = post("/v1/institutions", name="Head", level="head_office")
    customer = post("/v1/customers", kind="personal", institution_id=head, name="Fuzz")
    about = {"customer_id": customer}
    contact = {"channel": "counter", "direction": "in", "purpose": "service", "outcome": "reached"}
    rating = {"element": "overall", "value": 5, "scale_min": 1, "scale_max": 5, "source": "device"}
    account = post("/v1/accounts", **about, product="card", currency="CNY", since="2026-01-01")
    transaction = post(
        "/v1/transactions",
        reference={"system": "core", "id": "1"},
        account_id=account,
        credit_debit_indicator="CRDT",
        amount={"amount": "1.00", "currency": "CNY"},
        booking_date="2026-02-01",
        initiated_by="customer",
    )
    ids = {
        "institution_id": head,
        "customer_id": customer,
        "account_id": account,
        "transaction_id": transaction,
        "interaction_id": post("/v1/interactions", **about, **contact),
        "promise_id": post("/v1/promises", **about, owner_id="e1", due="2027-01-01"),
        "rating_id": post("/v1/ratings", **about, **rating),
        "complaint_id": post("/v1/complaints", **about, channel="counter", product="card", issue="fee"),
    }
    return SimpleNamespace(url=url, headers=headers, ids=ids)


def well_formed(given: str, existing: str) -> bool:
    return given.startswith(existing[:4]) and ID.fullmatch(given[4:]) is not None


@pytest.mark.slow
@SCHEMA.parametrize()
@settings(max_examples=5, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=SLOW)
def test_the_document_keeps_its_word(case: Case, server: SimpleNamespace) -> None:
    # The ids of what exists let a request reach the rules; an invented position would only ever be waited for.
    given = case.path_parameters or {}
    known = {name: id_ for name, id_ in server.ids.items() if name in given and well_formed(str(given[name]), id_)}
    case.path_parameters = {**given, **known}
    if case.query:
        case.query.pop("min_position", None)
    case.call_and_validate(base_url=server.url, headers=server.headers)
