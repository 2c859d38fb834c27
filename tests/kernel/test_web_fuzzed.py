"""schemathesis against the conventions: what the document promises is what the routes do."""

from pathlib import Path
from tempfile import mkdtemp

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from shared.auth.issuer import LocalIssuer
from shared.keyring import Keyring
from support import fuzz  # noqa: F401
from support.notes import NotesApp

APPLICATION = NotesApp(
    LocalIssuer.in_folder(Path(mkdtemp()), "guanxi-test", "guanxi"), Keyring(b"a secret of a test, long enough")
)
SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", APPLICATION.app).exclude(path="/v1/crash")
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]


@SCHEMA.parametrize()
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_the_document_keeps_its_word(case: Case) -> None:
    # A valid request may still be refused: a stale If-Match, a reused key, a date in the future.
    case.call_and_validate(headers=APPLICATION.token("admin"), excluded_checks=[positive_data_acceptance])
