"""An event as every part of the system sees it: the raw row, and the decoded envelope around it."""

from datetime import datetime
from typing import Any

import msgspec


class Sealed(msgspec.Struct, frozen=True):
    """A personal value under its data subject's key. Only the vault can open it, and only while the key exists."""

    subject: str
    field: str
    box: str


class Reference(msgspec.Struct, frozen=True):
    """The identifier that another system gave to the same thing, unique within that system."""

    system: str
    id: str


class Meta(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who caused the event and in which conversation. Holds identifiers only, never personal values."""

    correlation_id: str = ""
    causation_id: str = ""
    actor_id: str = ""
    actor_role: str = ""
    institution_id: str = ""
    channel: str = ""
    traceparent: str = ""


class NewEvent(msgspec.Struct, frozen=True):
    """An event that is decided but not yet recorded; it has no position, so no store can mistake it for a fact.

    `data` is exactly the bytes msgspec wrote; `occurred_at` is aware UTC business time.
    """

    key: str
    type: str
    schema: int
    data: bytes
    occurred_at: datetime


class Record(msgspec.Struct, frozen=True):
    """One row of an event log, bytes untouched.

    `position` is dense per log and starts at 1; `version` is dense per stream and starts at 1.
    """

    log: str
    position: int
    stream: str
    version: int
    key: str
    type: str
    schema: int
    data: bytes
    meta: bytes
    occurred_at: datetime
    recorded_at: datetime


class Envelope(msgspec.Struct, frozen=True):
    """A decoded record. `data` is the event's struct, or `codec.Unknown`; `topic` is the short topic name."""

    log: str
    position: int
    stream: str
    version: int
    key: str
    type: str
    schema: int
    topic: str
    data: Any
    meta: Meta
    occurred_at: datetime
    recorded_at: datetime

    @property
    def channel(self) -> str:
        """The unit of ordering: one log on one topic, for example `customer/transaction`."""
        return f"{self.log}/{self.topic}"

    @property
    def id(self) -> str:
        """The CloudEvents id, unique over all logs."""
        return f"{self.log}:{self.position}"
