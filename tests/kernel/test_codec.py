"""The one decode path: upcasters, unknown types, schemas from the future, bytes that do not fit."""

from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from shared.codec import Codec, SchemaTooNew, Undecodable, Unknown
from shared.envelope import Meta, Record
from shared.log import Write
from shared.log_memory import MemoryEventLog
from support.logs import NOW, PAST, command


class Taken(msgspec.Struct, frozen=True):
    title: str
    words: int = 0


def _split(data: dict[str, Any]) -> dict[str, Any]:
    return {"text": data["line"]}


def _count(data: dict[str, Any]) -> dict[str, Any]:
    return {"title": data["text"], "words": len(data["text"].split())}


CONTRACT: Any = SimpleNamespace(
    LOG="notes",
    EVENTS=(("note.taken", 3, Taken, "note"),),
    UPCASTERS={("note.taken", 1): _split, ("note.taken", 2): _count},
)
CODEC = Codec([CONTRACT])


def _record(kind: str = "note.taken", schema: int = 3, data: bytes = b'{"title":"x"}', meta: bytes = b"{}") -> Record:
    return Record("notes", 7, "note-1", 2, "cus_1", kind, schema, data, meta, PAST, NOW)


@pytest.mark.parametrize(
    ("schema", "data"),
    [(1, b'{"line":"two words"}'), (2, b'{"text":"two words"}'), (3, b'{"title":"two words","words":2}')],
)
def test_every_past_schema_decodes_to_the_current_struct(schema: int, data: bytes) -> None:
    assert CODEC.decode_data("note.taken", schema, data) == Taken("two words", 2)


async def test_what_is_encoded_and_recorded_decodes_to_the_same() -> None:
    log = MemoryEventLog("notes", lambda: NOW)
    meta = Meta(correlation_id="c", actor_role="teller")
    await log.append(
        [command(Write("note-1", 0, (CODEC.encode("cus_1", Taken("关系", 1), PAST),)), meta=CODEC.encode_meta(meta))]
    )
    (record,) = await log.read(0, 1)
    envelope = CODEC.decode(record)
    assert (envelope.data, envelope.meta, envelope.schema) == (Taken("关系", 1), meta, 3)
    assert (envelope.channel, envelope.id, envelope.key) == ("notes/note", "notes:1", "cus_1")
    assert (envelope.occurred_at, envelope.recorded_at) == (PAST, NOW)


class Rich(msgspec.Struct, frozen=True):
    day: date
    at: datetime
    amount: Decimal
    box: bytes
    counts: dict[int, int]
    tags: tuple[str, ...] = ()


def test_an_upcast_event_has_the_same_types_as_a_current_one() -> None:
    rich = Rich(PAST.date(), PAST, Decimal("12.50"), b"\x00\xff", {2: 3}, ("a",))
    events = (("rich.seen", 2, Rich, "rich"),)
    contract: Any = SimpleNamespace(LOG="rich", EVENTS=events, UPCASTERS={("rich.seen", 1): lambda data: data})
    codec = Codec([contract])
    data = codec.encode("k", rich, PAST).data
    assert codec.decode_data("rich.seen", 2, data) == codec.decode_data("rich.seen", 1, data) == rich


def test_an_optional_addition_is_ignored() -> None:
    assert CODEC.decode_data("note.taken", 3, b'{"title":"x","added_later":[1]}') == Taken("x")


def test_an_unknown_type_is_kept_as_it_came() -> None:
    data = b'{"b" : 1.0, "a":2}'
    envelope = CODEC.decode(_record("song.sung", 9, data))
    assert isinstance(envelope.data, Unknown)
    assert bytes(envelope.data.raw) == data
    assert envelope.topic == "song"


def test_a_schema_from_the_future_stops() -> None:
    with pytest.raises(SchemaTooNew):
        CODEC.decode(_record(schema=4))


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        (3, b"{}"),
        (3, b'{"title":1}'),
        (3, b"not json"),
        (3, b""),
        (3, b"\xff"),
        (1, b"{}"),
        (1, b"[]"),
        (1, b"null"),
        (2, b'{"text":1}'),
        (1, b'{"line":1}'),
        (0, b'{"line":"x"}'),
        (-1, b"{}"),
        (3, b'{"x":' + b"[" * 100_000),
    ],
)
def test_bytes_that_do_not_fit_are_undecodable(schema: int, data: bytes) -> None:
    with pytest.raises(Undecodable):
        CODEC.decode(_record(schema=schema, data=data))


@pytest.mark.parametrize("meta", [b"", b"[]", b'{"actor_id":1}', b"\xff", b'{"x":' + b"[" * 100_000])
def test_meta_that_does_not_fit_is_undecodable(meta: bytes) -> None:
    with pytest.raises(Undecodable):
        CODEC.decode(_record(meta=meta))


def test_an_error_never_holds_the_data() -> None:
    with pytest.raises(Undecodable) as error:
        CODEC.decode(_record(data=b'{"title":{"secret":"13800138000"}}'))
    assert "13800138000" not in str(error.value)
