"""The committed documents are those that the contracts give today, and they are what they claim to be."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from deploy.describe_events import CONTRACTS, ROOT, documents
from shared.asyncapi import event_schema
from shared.codec import Codec

CODEC = Codec(CONTRACTS)


@pytest.mark.parametrize("path", documents(), ids=str)
def test_the_committed_document_is_current(path: Path) -> None:
    assert (ROOT / path).exists(), "run python -m deploy.describe_events"
    assert (ROOT / path).read_text() == documents()[path], "run python -m deploy.describe_events"


def test_no_schema_of_a_forgotten_event_is_committed() -> None:
    found = {path.relative_to(ROOT) for path in (ROOT / "docs" / "api" / "events").iterdir()}
    assert found <= documents().keys()


def test_every_event_has_a_valid_json_schema() -> None:
    for event in CODEC.events:
        Draft202012Validator.check_schema(event_schema(event))


def test_every_reference_in_asyncapi_leads_somewhere_and_every_event_is_in_one_channel() -> None:
    document = yaml.safe_load((ROOT / "docs" / "api" / "asyncapi.yaml").read_text())
    for reference in references(document):
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
    messages = [name for channel in document["channels"].values() for name in channel["messages"]]
    assert sorted(messages) == sorted(f"{event.name}.v{event.schema}" for event in CODEC.events)
    assert {channel["address"] for channel in document["channels"].values()} == {
        f"guanxi.{event.topic}.v1" for event in CODEC.events
    }


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [each for inner in value.values() for each in references(inner)]
    if isinstance(value, list):
        return [each for inner in value for each in references(inner)]
    return []
