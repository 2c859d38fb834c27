"""Between bytes and events: the registry of event types, upcasters, and the one path by which anything is decoded."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec

from shared.envelope import Envelope, Meta, NewEvent, Record


class EventType(msgspec.Struct, frozen=True):
    """A line of the published language: a stable name, its current schema, its struct and its short topic."""

    name: str
    schema: int
    struct: type[Any]
    topic: str


Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""One step from schema n to n + 1 on plain data, before typed decoding."""


class Contract(Protocol):
    """What one service publishes: a `contract` module. `UPCASTERS` are keyed (name, schema they start from)."""

    @property
    def LOG(self) -> str: ...  # noqa: N802

    @property
    def EVENTS(self) -> tuple[tuple[str, int, type, str], ...]: ...  # noqa: N802

    @property
    def UPCASTERS(self) -> Mapping[tuple[str, int], Upcaster]: ...  # noqa: N802


class Unknown(msgspec.Struct, frozen=True):
    """An event type that this code does not know: kept as it came, ignored by every fold."""

    raw: msgspec.Raw


class SchemaTooNew(Exception):
    """The event was written by newer code: stop and upgrade, do not guess."""


class Undecodable(Exception):
    """The event's bytes do not fit its type: its key is parked."""


_UNFIT = (msgspec.MsgspecError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What msgspec and upcasters, which are plain functions, say of data that is not what its type and schema promise."""


class Codec:
    """Encodes and decodes the events of some contracts. Instances are immutable and cheap to share."""

    def __init__(self, contracts: Iterable[Contract]) -> None:
        self._names: dict[str, EventType] = {}
        self._types: dict[type, EventType] = {}
        self._upcasters: dict[tuple[str, int], Upcaster] = {}
        for contract in contracts:
            for line in contract.EVENTS:
                event = EventType(*line)
                self._names[event.name] = event
                self._types[event.struct] = event
            self._upcasters.update(contract.UPCASTERS)
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {
            name: msgspec.json.Decoder(event.struct) for name, event in self._names.items()
        }
        self._encoder = msgspec.json.Encoder()
        self._meta = msgspec.json.Decoder(Meta)

    @property
    def events(self) -> tuple[EventType, ...]:
        """Every registered event type, in the order of the contracts."""
        return tuple(self._names.values())

    def encode(self, key: str, event: Any, occurred_at: datetime) -> NewEvent:
        """The event as it is appended, in its current schema."""
        kind = self._types[type(event)]
        return NewEvent(key, kind.name, kind.schema, self._encoder.encode(event), occurred_at)

    def encode_meta(self, meta: Meta) -> bytes:
        """Meta as it is stored."""
        return self._encoder.encode(meta)

    def topic(self, name: str) -> str:
        """The short topic that an event type goes to; unknown types travel with their first word."""
        event = self._names.get(name)
        return event.topic if event else name.partition(".")[0]

    def decode_data(self, name: str, schema: int, data: bytes) -> Any:
        """The event's struct, upcast to the current schema; `Unknown` for a type that is not registered.

        Raises `SchemaTooNew` for a schema from the future and `Undecodable` for bytes that do not fit.
        """
        event = self._names.get(name)
        if event is None:
            return Unknown(msgspec.Raw(data))
        if schema > event.schema:
            raise SchemaTooNew(f"{name} has schema {schema}, this code knows {event.schema}")
        try:
            if schema == event.schema:
                return self._decoders[name].decode(data)
            return msgspec.convert(self._upcast(name, schema, event.schema, data), event.struct, str_keys=True)
        except _UNFIT as error:
            raise Undecodable(f"{name} v{schema}: {type(error).__name__}") from error

    def decode(self, record: Record) -> Envelope:
        """The envelope of a record. Raises as `decode_data` does."""
        try:
            meta = self._meta.decode(record.meta)
        except _UNFIT as error:
            raise Undecodable(f"{record.type} meta") from error
        return Envelope(
            log=record.log,
            position=record.position,
            stream=record.stream,
            version=record.version,
            key=record.key,
            type=record.type,
            schema=record.schema,
            topic=self.topic(record.type),
            data=self.decode_data(record.type, record.schema, record.data),
            meta=meta,
            occurred_at=record.occurred_at,
            recorded_at=record.recorded_at,
        )

    def _upcast(self, name: str, schema: int, current: int, data: bytes) -> dict[str, Any]:
        plain = msgspec.json.decode(data)
        for step in range(schema, current):
            plain = self._upcasters[name, step](plain)
        return plain
