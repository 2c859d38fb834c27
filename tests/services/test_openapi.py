"""What all services promise over HTTP: four documents and their union, each operation named, guarded and honest."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy import describe_http
from services.embedded import create_app
from shared.auth.roles import SCOPES
from shared.runtime import Settings
from shared.web.openapi import unscoped

PUBLIC = {"/livez", "/readyz", "/v1/dev/tokens"}
PROBLEM = {"$ref": "#/components/schemas/Problem"}
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def union(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    app = create_app(Settings(data=tmp_path_factory.mktemp("union"), metrics_port=0))
    assert unscoped(app) == []
    return app.openapi()


def committed(service: str) -> dict[str, Any]:
    return json.loads(describe_http.path(service).read_text(encoding="utf-8"))


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


@pytest.mark.parametrize("service", describe_http.SERVICES)
def test_the_committed_document_is_the_generated_one(service: str) -> None:
    text = describe_http.path(service).read_text(encoding="utf-8")
    assert text == describe_http.document(service), f"run python -m deploy.describe_http {service}"


def test_every_path_belongs_to_one_service_and_all_are_in_the_union(union: dict[str, Any]) -> None:
    found: dict[tuple[str, str], str] = {}
    for service in describe_http.SERVICES:
        own = {key for key in operations(committed(service)) if key[1] not in PUBLIC}
        assert own.isdisjoint(found), service
        found |= dict.fromkeys(own, service)
    assert {key for key in operations(union) if key[1] not in PUBLIC} == set(found)


@pytest.mark.parametrize("name", ["union", *describe_http.SERVICES])
def test_every_operation_is_named_guarded_and_tells_its_problems(name: str, union: dict[str, Any]) -> None:
    document = union if name == "union" else committed(name)
    assert document["openapi"].startswith("3.1")
    every = operations(document)
    assert len(every) > 5
    ids = [operation["operationId"] for operation in every.values()]
    assert len(ids) == len(set(ids)), sorted(each for each in ids if ids.count(each) > 1)
    for (method, path), operation in every.items():
        assert operation["summary"], path
        if path not in PUBLIC:
            (requirement,) = operation["security"]
            assert requirement["bearer"], path
            assert set(requirement["bearer"]) <= SCOPES.keys(), path
            assert {"401", "403", "422", "503"} <= operation["responses"].keys(), path
        for status, answer in operation["responses"].items():
            if status >= "400" and path not in PUBLIC - {"/v1/dev/tokens"}:
                assert answer["content"] == {"application/problem+json": {"schema": PROBLEM}}, (method, path, status)


def test_personal_values_are_never_part_of_an_address(union: dict[str, Any]) -> None:
    allowed = {"q"}
    personal = {"name", "phone", "email", "identity_number", "birth_date", "address", "text", "notes", "narrative"}
    for (_, path), operation in operations(union).items():
        names = {each["name"] for each in operation.get("parameters", ()) if each["in"] in {"path", "query"}}
        assert not (names - allowed) & personal, path


def test_the_committed_documents_name_no_place_of_ours() -> None:
    for service in describe_http.SERVICES:
        text = describe_http.path(service).read_text(encoding="utf-8")
        assert "localhost" not in text
        assert str(Path.home()) not in text
