"""schemathesis against the running services, on contacts and complaints that exist."""

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

from services.complaint import app as complaint
from services.customer import app as customer
from services.interaction import app as interaction
from shared.runtime import Settings, host
from support import fuzz  # noqa: F401

SETTINGS = Settings(data=Path(mkdtemp()), metrics_port=0)
APPLICATION = host([one.compose(SETTINGS) for one in (customer, interaction, complaint)], SETTINGS)
OURS = r"^/v1/(interactions|promises|ratings|surveys|recognitions|complaints|praise)"
SCHEMA = schemathesis.openapi.from_dict(APPLICATION.openapi()).include(path_regex=OURS)
ID = re.compile(r"[a-z]{3}_[0-9a-f]{32}")
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture]
CONTACT = {"channel": "counter", "direction": "in", "purpose": "service", "outcome": "resolved"}
RATING = {"element": "overall", "value": 5, "scale_min": 1, "scale_max": 5, "source": "device"}


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
    """A customer with one of everything, by the names of the routes' parameters."""
    headers = {"Authorization": f"Bearer {APPLICATION.state.issuer.mint('admin')}"}

    def post(path: str, body: Mapping[str, object]) -> str:
        return httpx.post(url + path, json=body, headers=headers).raise_for_status().json()["id"]

    head = post("/v1/institutions", {"name": "Head", "level": "head_office"})
    person = post("/v1/customers", {"kind": "personal", "institution_id": head, "name": "Fuzz"})
    named = {"customer_id": person}
    ids = {
        "institution_id": head,
        "customer_id": person,
        "interaction_id": post("/v1/interactions", CONTACT | named),
        "promise_id": post("/v1/promises", {"owner_id": "e1", "due": "2199-01-01"} | named),
        "rating_id": post("/v1/ratings", RATING | named),
        "complaint_id": post("/v1/complaints", {"channel": "counter", "product": "card", "issue": "fee"} | named),
        "praise_id": post("/v1/praise", named),
    }
    return SimpleNamespace(url=url, headers=headers, ids=ids)


def placed(given: Mapping[str, object], ids: Mapping[str, str]) -> dict[str, object]:
    """Invented ids replaced by those of what exists, so that a request reaches the rules."""
    return {name: ids[name] if name in ids and ID.fullmatch(str(value)) else value for name, value in given.items()}


@pytest.mark.slow
@SCHEMA.parametrize()
@settings(max_examples=8, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=SLOW)
def test_the_document_keeps_its_word(case: Case, server: SimpleNamespace) -> None:
    case.path_parameters = placed(case.path_parameters or {}, server.ids)
    if isinstance(case.body, dict):
        case.body = placed(case.body, server.ids)
    if case.query:
        # An invented position would only ever be waited for.
        case.query.pop("min_position", None)
    case.call_and_validate(base_url=server.url, headers=server.headers, excluded_checks=[positive_data_acceptance])
