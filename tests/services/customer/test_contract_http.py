"""What the customer service promises over HTTP: the committed document, and a scope on every route."""

from fastapi import FastAPI

from deploy import describe_http
from shared.web.openapi import unscoped


def test_committed_document_is_the_generated_one() -> None:
    committed = describe_http.path("customer").read_text(encoding="utf-8")
    assert committed == describe_http.document("customer"), "run python -m deploy.describe_http customer"


def test_every_route_declares_its_scope(bank_app: FastAPI) -> None:
    assert unscoped(bank_app) == []


def test_every_operation_is_described(bank_app: FastAPI) -> None:
    paths = bank_app.openapi()["paths"]
    operations = [operation for methods in paths.values() for operation in methods.values()]
    assert len(operations) > 30
    for operation in operations:
        assert operation["summary"]
        assert {"401", "403", "422", "503"} <= operation["responses"].keys()
        assert operation["security"]
