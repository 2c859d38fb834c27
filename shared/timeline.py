"""A key's history as it is kept beside the evidence: every event, without the personal values it carried."""

from functools import cache
from typing import Any, cast

import msgspec

from shared.codec import Codec, Unknown
from shared.envelope import Envelope, Sealed
from shared.projection_store import TimelineEvent

BLANK = Sealed("", "", "")
"""Stands where an event cannot be decoded without its sealed field; it names no subject and holds nothing."""

_BLANK_JSON = msgspec.to_builtins(BLANK)


def without_sealed(value: Any) -> Any:
    """The value with every `Sealed` in it left out, at any depth, or `BLANK` where it cannot be absent."""
    if isinstance(value, Sealed):
        return BLANK
    if isinstance(value, msgspec.Struct):
        return _struct(value)
    if isinstance(value, dict):
        items = cast(dict[Any, Any], value).items()
        return {key: without_sealed(each) for key, each in items if not isinstance(each, Sealed)}
    if isinstance(value, (list, tuple, set, frozenset)):
        several = cast(list[Any], value)
        return type(several)(without_sealed(each) for each in several if not isinstance(each, Sealed))
    return value


def without_sealed_json(raw: bytes) -> bytes:
    """The same for an event whose type is not known: an object with a sealed value's fields becomes `BLANK`."""
    return msgspec.json.encode(_plain(msgspec.json.decode(raw)))


def timeline_event(codec: Codec, envelope: Envelope) -> TimelineEvent:
    """The envelope as the timeline keeps it, in its type's current schema. Raises what encoding raises."""
    if isinstance(envelope.data, Unknown):
        schema, data = envelope.schema, without_sealed_json(bytes(envelope.data.raw))
    else:
        kind: type[Any] = envelope.data.__class__
        clear = without_sealed(envelope.data) if may_be_sealed(kind) else envelope.data
        event = codec.encode(envelope.key, clear, envelope.occurred_at)
        schema, data = event.schema, event.data
    return TimelineEvent(
        channel=envelope.channel,
        position=envelope.position,
        key=envelope.key,
        occurred_at=envelope.occurred_at,
        recorded_at=envelope.recorded_at,
        type=envelope.type,
        schema=schema,
        data=data,
        stream=envelope.stream,
        version=envelope.version,
        meta=codec.encode_meta(envelope.meta),
    )


@cache
def may_be_sealed(kind: type[Any]) -> bool:
    """Whether values of this struct can hold a sealed one. Most events cannot, and skip the walk."""
    return _mentions(msgspec.inspect.type_info(kind), set())


def _mentions(info: Any, visited: set[type[Any]]) -> bool:
    if isinstance(info, msgspec.inspect.StructType):
        if info.cls is Sealed:
            return True
        if info.cls in visited:
            return False
        visited.add(info.cls)
        return any(_mentions(field.type, visited) for field in info.fields)
    if isinstance(info, (msgspec.inspect.AnyType, msgspec.inspect.RawType, msgspec.inspect.CustomType)):
        return True
    parts = (getattr(info, name, None) for name in ("item_type", "key_type", "value_type"))
    several = (*getattr(info, "types", ()), *getattr(info, "item_types", ()))
    return any(_mentions(part, visited) for part in (*parts, *several) if part is not None)


def _struct(value: msgspec.Struct) -> msgspec.Struct:
    changed: dict[str, Any] = {}
    for field in _fields(value.__class__):
        before = getattr(value, field.name)
        after = field.default if isinstance(before, Sealed) and field.default is None else without_sealed(before)
        if after is not before:
            changed[field.name] = after
    return msgspec.structs.replace(value, **changed) if changed else value


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    # Looking them up evaluates the annotations anew each time, which took longer than folding the event.
    return msgspec.structs.fields(kind)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        fields = cast(dict[str, Any], value)
        if fields.keys() == _BLANK_JSON.keys():
            return _BLANK_JSON
        return {key: _plain(each) for key, each in fields.items()}
    return [_plain(each) for each in cast(list[Any], value)] if isinstance(value, list) else value
