"""The published language as documents, written from the codec: AsyncAPI 3.0 for the topics, JSON Schema for events."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from shared.codec import Codec, EventType
from shared.examples import example
from shared.topics import Topics, short_names
from shared.wire import CloudEvent, data_schema, wire_type

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PLAIN = re.compile(r"[A-Za-z$][\w$.-]*")


def event_schema(event: EventType) -> dict[str, Any]:
    """JSON Schema 2020-12 of one event's data, whole in itself."""
    schema = msgspec.json.schema(event.struct)
    return {"$schema": DIALECT, "$id": data_schema(event.name, event.schema), "title": event.name, **schema}


def asyncapi(codec: Codec, version: str) -> str:
    """The document as YAML. Topics carry the default prefix."""
    return _yaml(_document(codec, version))


def _document(codec: Codec, version: str) -> dict[str, Any]:
    shorts = short_names(codec)
    schemas = _schemas(codec.events)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Guanxi events",
            "version": version,
            "description": "CloudEvents 1.0 in structured mode. The Kafka key is the partitionkey; the events of one "
            "key keep their order within a topic, and no order is promised across topics. Delivery is at least once: "
            "drop what you have seen by (source, topic, sequence). Personal values are sealed.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {short: _channel(short, codec.events) for short in shorts},
        "operations": {
            f"publish-{short}": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{short}"},
                "summary": f"The events of the topic {short}, in the order of each key.",
            }
            for short in shorts
        },
        "components": {
            "messages": {_message_name(event): _message(event) for event in codec.events},
            "schemas": schemas,
        },
    }


def _channel(short: str, events: Iterable[EventType]) -> dict[str, Any]:
    names = [_message_name(event) for event in events if event.topic == short]
    return {
        "address": Topics().name(short),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": {"topic": Topics().name(short), "bindingVersion": "0.5.0"}},
    }


def _message(event: EventType) -> dict[str, Any]:
    name = wire_type(event.name, event.schema)
    payload = {
        "type": "object",
        "properties": {"type": {"const": name}, "data": {"$ref": f"#/components/schemas/{event.struct.__name__}"}},
    }
    return {
        "name": name,
        "title": event.name,
        "summary": _summary(event.struct),
        "contentType": "application/cloudevents+json",
        "payload": {"allOf": [{"$ref": "#/components/schemas/CloudEvent"}, payload]},
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
        "examples": [{"payload": {"type": name, "data": msgspec.to_builtins(example(event.struct))}}],
    }


def _summary(struct: type[Any]) -> str:
    """The struct's own docstring; one that is inherited says nothing about it."""
    written = struct.__dict__.get("__doc__") or ""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", struct.__name__).lower()
    return " ".join(written.split()) or f"{words[0].upper()}{words[1:]}."


def _message_name(event: EventType) -> str:
    return f"{event.name}.v{event.schema}"


def _schemas(events: Sequence[EventType]) -> dict[str, Any]:
    types = [CloudEvent, *(event.struct for event in events)]
    _, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return {name: components[name] for name in sorted(components)}


def _yaml(value: Any, indent: str = "") -> str:
    """Block style for objects and lists, JSON for the rest, which is YAML too."""
    if isinstance(value, dict) and value:
        lines = (f"{indent}{_key(name)}:{_inner(inner, indent)}" for name, inner in value.items())
        return "".join(lines)
    if isinstance(value, list | tuple) and value:
        return "".join(f"{indent}-{_inner(inner, indent)}" for inner in value)
    return f"{indent}{json.dumps(value, ensure_ascii=False)}\n"


def _inner(value: Any, indent: str) -> str:
    if isinstance(value, dict | list | tuple) and value:
        return "\n" + _yaml(value, indent + "  ")
    return f" {json.dumps(value, ensure_ascii=False)}\n"


def _key(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else json.dumps(name)
