"""An event between services: CloudEvents 1.0 as JSON, structured mode out, structured and binary mode in.

Law: `decode(encode(record).value, encode(record).headers, codec) == codec.decode(record)`.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from shared.codec import Codec, Undecodable
from shared.envelope import Envelope, Meta, Record

PREFIX = "guanxi."
CONTENT_TYPE = b"application/cloudevents+json; charset=UTF-8"
Headers: TypeAlias = Sequence[tuple[str, bytes]]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class CloudEvent(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The document on the wire. `subject` is the stream, `sequence` the position, `partitionkey` the key."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    streamversion: str
    time: Instant
    recordedtime: Instant
    dataschema: str = ""
    datacontenttype: str = ""
    partitionkey: str
    sequence: str
    correlationid: str = ""
    causationid: str = ""
    actorid: str = ""
    actorrole: str = ""
    institutionid: str = ""
    channel: str = ""
    traceparent: str = ""
    data: msgspec.Raw


class Message(msgspec.Struct, frozen=True):
    """What is sent: the Kafka key, the document and its few headers (many headers make consumers slow)."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class _Origin(msgspec.Struct, frozen=True):
    source: str
    type: str
    partitionkey: str
    sequence: str


_decode_event = msgspec.json.Decoder(CloudEvent).decode
_decode_origin = msgspec.json.Decoder(_Origin).decode
_decode_meta = msgspec.json.Decoder(Meta).decode
_encode = msgspec.json.Encoder().encode


def encode(record: Record) -> Message:
    """A log's row as it goes to the topics; the data's bytes are copied, not parsed."""
    meta = _decode_meta(record.meta)
    event = CloudEvent(
        specversion="1.0",
        id=f"{record.log}:{record.position}",
        source=record.log,
        type=wire_type(record.type, record.schema),
        subject=record.stream,
        streamversion=str(record.version),
        time=record.occurred_at,
        recordedtime=record.recorded_at,
        dataschema=data_schema(record.type, record.schema),
        datacontenttype="application/json",
        partitionkey=record.key,
        sequence=f"{record.position:020d}",
        correlationid=meta.correlation_id,
        causationid=meta.causation_id,
        actorid=meta.actor_id,
        actorrole=meta.actor_role,
        institutionid=meta.institution_id,
        channel=meta.channel,
        traceparent=meta.traceparent,
        data=msgspec.Raw(record.data),
    )
    headers = [("content-type", CONTENT_TYPE)]
    if meta.traceparent:
        headers.append(("traceparent", meta.traceparent.encode()))
    return Message(record.key.encode(), _encode(event), headers)


def record(value: bytes) -> Record:
    """The row of a log that `encode` made this document of. Raises `codec.Undecodable`; the data is not looked at."""
    try:
        event = _decode_event(value)
        name, schema = _split_type(event.type)
        position, version = int(event.sequence), int(event.streamversion)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Undecodable(f"not an event of ours: {type(error).__name__}") from error
    return Record(
        log=event.source,
        position=position,
        stream=event.subject,
        version=version,
        key=event.partitionkey,
        type=name,
        schema=schema,
        data=bytes(event.data),
        meta=_encode(_meta(event)),
        occurred_at=event.time,
        recorded_at=event.recordedtime,
    )


def decode(value: bytes, headers: Headers, codec: Codec) -> Envelope:
    """The envelope of a message. Without headers it is a structured document, as the services' log feeds send it.

    Raises `codec.SchemaTooNew`, and `codec.Undecodable` for everything that is not a whole event of ours.
    """
    try:
        binary = _is_binary(headers)
        event = _from_headers(value, headers, CloudEvent) if binary else _decode_event(value)
        name, schema = _split_type(event.type)
        position, version = int(event.sequence), int(event.streamversion)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Undecodable(f"not an event of ours: {type(error).__name__}") from error
    return Envelope(
        log=event.source,
        position=position,
        stream=event.subject,
        version=version,
        key=event.partitionkey,
        type=name,
        schema=schema,
        topic=codec.topic(name),
        data=codec.decode_data(name, schema, bytes(event.data)),
        meta=_meta(event),
        occurred_at=event.time,
        recorded_at=event.recordedtime,
    )


def origin(value: bytes, headers: Headers, codec: Codec) -> tuple[str, int, str] | None:
    """Channel, position and key of a message that may not decode otherwise; None when even those cannot be read."""
    try:
        found = _from_headers(b"null", headers, _Origin) if _is_binary(headers) else _decode_origin(value)
        name, _ = _split_type(found.type)
        position = int(found.sequence)
    except (msgspec.MsgspecError, ValueError):
        return None
    return f"{found.source}/{codec.topic(name)}", position, found.partitionkey


def document(value: bytes, headers: Headers) -> bytes:
    """The message as one structured document, so that it can be kept without its headers."""
    if not _is_binary(headers):
        return value
    attributes = {name[3:]: text.decode(errors="replace") for name, text in headers if name.startswith("ce_")}
    return _encode(attributes | {"data": msgspec.Raw(value)})


@lru_cache(4096)
def wire_type(name: str, schema: int) -> str:
    """`complaint.received`, 1 → `guanxi.complaint.received.v1`."""
    return f"{PREFIX}{name}.v{schema}"


@lru_cache(4096)
def data_schema(name: str, schema: int) -> str:
    """The URI under which the JSON Schema of the data is published."""
    return f"urn:guanxi:event:{name}:{schema}"


@lru_cache(4096)
def _split_type(wire: str) -> tuple[str, int]:
    name, separator, schema = wire.rpartition(".v")
    if not separator or not wire.startswith(PREFIX) or len(name) <= len(PREFIX):
        raise ValueError("the type is not one of ours")
    return name.removeprefix(PREFIX), int(schema)


def _meta(event: CloudEvent) -> Meta:
    return Meta(
        event.correlationid,
        event.causationid,
        event.actorid,
        event.actorrole,
        event.institutionid,
        event.channel,
        event.traceparent,
    )


def _is_binary(headers: Headers) -> bool:
    binary = False
    for name, text in headers:
        if name == "content-type" and text.startswith(b"application/cloudevents"):
            return False
        binary = binary or name == "ce_type"
    return binary


def _from_headers(value: bytes, headers: Headers, kind: type[Any]) -> Any:
    attributes: dict[str, Any] = {name[3:]: text.decode() for name, text in headers if name.startswith("ce_")}
    for name, text in headers:
        if name == "traceparent":
            attributes[name] = text.decode()
    return msgspec.convert(attributes | {"data": msgspec.Raw(value)}, kind)
