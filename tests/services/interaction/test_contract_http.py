"""What the interaction service promises over HTTP: the committed document, and a scope on every route."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from deploy import describe_http
from services.interaction.app import create_app
from shared.runtime import Settings
from shared.web.openapi import unscoped


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return create_app(Settings(data=tmp_path, metrics_port=0))


def test_the_committed_document_is_the_generated_one() -> None:
    committed = describe_http.path("interaction").read_text(encoding="utf-8")
    assert committed == describe_http.document("interaction"), "run python -m deploy.describe_http interaction"


def test_every_route_declares_its_scope(app: FastAPI) -> None:
    assert unscoped(app) == []


def test_every_operation_is_described_with_its_problems(app: FastAPI) -> None:
    operations = [operation for path in app.openapi()["paths"].values() for operation in path.values()]
    assert len(operations) > 10
    for operation in operations:
        assert operation["summary"]
        assert {"401", "422", "503"} <= operation["responses"].keys()
