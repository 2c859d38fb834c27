"""Every event that any release has recorded decodes for ever, and today's code writes today's schema as committed."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from deploy.describe_events import CONTRACTS, GOLDEN, goldens
from shared.asyncapi import event_schema
from shared.codec import Codec, EventType, Unknown

CODEC = Codec(CONTRACTS)
FILES = sorted(GOLDEN.glob("*/*.json"))
CURRENT = {f"{contract.LOG}/{name}.v{schema}" for contract in CONTRACTS for name, schema, *_ in contract.EVENTS}


def event_of(file: Path) -> tuple[str, int]:
    found = re.fullmatch(r"(.+)\.v(\d+)", file.stem)
    assert found, file
    return found[1], int(found[2])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_golden_event_decodes_to_todays_struct(file: Path) -> None:
    name, schema = event_of(file)
    (kind,) = [event for event in CODEC.events if event.name == name]
    decoded = CODEC.decode_data(name, schema, file.read_bytes())
    assert isinstance(decoded, kind.struct)
    assert not isinstance(decoded, Unknown)


@pytest.mark.parametrize("file", [file for file in FILES if f"{file.parent.name}/{file.stem}" in CURRENT], ids=str)
def test_todays_code_writes_the_golden_event_byte_for_byte(file: Path) -> None:
    name, schema = event_of(file)
    golden = file.read_bytes().rstrip(b"\n")
    assert msgspec.json.encode(CODEC.decode_data(name, schema, golden)) == golden


def test_every_event_of_every_schema_has_a_golden_file() -> None:
    there = {f"{file.parent.name}/{file.stem}" for file in FILES}
    assert {str(path.with_suffix("")) for path in goldens()} <= there, "run python -m deploy.describe_events"
    past = {f"{contract.LOG}/{name}.v{schema}" for contract in CONTRACTS for name, schema in contract.UPCASTERS}
    assert past <= there


@pytest.mark.parametrize("event", CODEC.events, ids=lambda event: event.name)
def test_upcasters_lead_from_the_first_schema_to_todays(event: EventType) -> None:
    steps = {schema for contract in CONTRACTS for name, schema in contract.UPCASTERS if name == event.name}
    assert steps == set(range(1, event.schema))


def test_golden_events_fit_their_json_schema() -> None:
    for event in CODEC.events:
        (file,) = GOLDEN.glob(f"*/{event.name}.v{event.schema}.json")
        Draft202012Validator(event_schema(event)).validate(json.loads(file.read_bytes()))
