"""schemathesis against the running service, on customers and accounts that exist."""

import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import mkdtemp
from types import SimpleNamespace

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from services.customer.app import create_app
from shared.runtime import Settings
from support import fuzz  # noqa: F401

APPLICATION = create_app(Settings(data=Path(mkdtemp()), metrics_port=0))
SCHEMA = schemathesis.openapi.from_dict(APPLICATION.openapi()).exclude(path="/v1/dev/tokens")
ID = re.compile(r"[a-z]{3}_[0-9a-f]{32}")
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
    """A head office, a customer with an account and a transaction, by the names of the routes' parameters."""
    token = APPLICATION.state.issuer.mint("admin")
    headers = {"Authorization": f"Bearer {token}"}

    def post(path: str, body: Mapping[str, object]) -> str:
        return httpx.post(url + path, json=body, headers=headers).raise_for_status().json()["id"]

    head = post("/v1/institutions", {"name": "Head", "level": "head_office"})
    customer = post("/v1/customers", {"kind": "personal", "institution_id": head, "name": "Fuzz"})
    opening = {"customer_id": customer, "product": "card", "currency": "CNY", "since": "2026-01-01"}
    account = post("/v1/accounts", opening)
    posting = {
        "reference": {"system": "core", "id": "1"},
        "account_id": account,
        "credit_debit_indicator": "CRDT",
        "amount": {"amount": "1.00", "currency": "CNY"},
        "booking_date": "2026-02-01",
        "initiated_by": "customer",
    }
    transaction = post("/v1/transactions", posting)
    ids = {"institution_id": head, "customer_id": customer, "account_id": account, "transaction_id": transaction}
    return SimpleNamespace(url=url, headers=headers, ids=ids)


@pytest.mark.slow
@SCHEMA.parametrize()
@settings(max_examples=8, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=SLOW)
def test_the_document_keeps_its_word(case: Case, server: SimpleNamespace) -> None:
    # The ids of what exists let a request reach the rules; an invented position would only ever be waited for.
    given = case.path_parameters or {}
    known = {name: server.ids[name] for name in given if name in server.ids and ID.fullmatch(str(given[name]))}
    case.path_parameters = {**given, **known}
    if case.query:
        case.query.pop("min_position", None)
    case.call_and_validate(base_url=server.url, headers=server.headers, excluded_checks=[positive_data_acceptance])
