"""The wire format: what goes out comes back equal, in both CloudEvents modes, and what is not ours is refused."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.complaint import contract as complaint
from services.customer import contract as customer
from services.interaction import contract as interaction
from shared import wire
from shared.codec import Codec, SchemaTooNew, Undecodable, Unknown
from shared.envelope import Meta, Record

CODEC = Codec([customer, interaction, complaint])
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
PRAISE = '{"praise_id":"pra_1","institution_id":"ins_1"}'
UNKNOWN = st.sampled_from(["{}", '{"later": [1, 2.50, "\\u4e2d"]}', "null"])


@st.composite
def records(draw: st.DrawFn) -> Record:
    kind, data = draw(
        st.tuples(st.just("praise.recorded"), st.just(PRAISE)) | st.tuples(st.just("quiet.thing-happened"), UNKNOWN)
    )
    meta = Meta(*(draw(TEXT) for _ in range(6)), traceparent=draw(st.sampled_from(["", "00-1234-5678-01"])))
    return Record(
        log=draw(st.sampled_from(["customer", "complaint"])),
        position=draw(st.integers(1, 2**63)),
        stream=draw(TEXT),
        version=draw(st.integers(1, 2**31)),
        key=draw(TEXT),
        type=kind,
        schema=1,
        data=data.encode(),
        meta=CODEC.encode_meta(meta),
        occurred_at=draw(TIMES),
        recorded_at=draw(TIMES),
    )


def binary(record: Record) -> tuple[bytes, list[tuple[str, bytes]]]:
    """The same event as a foreign producer may send it: attributes in headers, data as the value."""
    event = msgspec.json.decode(wire.encode(record).value)
    del event["data"]
    headers = [(f"ce_{name}", str(value).encode()) for name, value in event.items() if name != "datacontenttype"]
    return record.data, [*headers, ("content-type", b"application/json")]


@given(records())
def test_what_goes_out_comes_back_equal(record: Record) -> None:
    message = wire.encode(record)
    assert wire.decode(message.value, message.headers, CODEC) == CODEC.decode(record)
    assert wire.decode(message.value, [], CODEC) == CODEC.decode(record)
    assert message.key.decode() == record.key


@given(records())
def test_binary_mode_is_accepted(record: Record) -> None:
    value, headers = binary(record)
    assert wire.decode(value, headers, CODEC) == CODEC.decode(record)
    assert wire.decode(wire.document(value, headers), [], CODEC) == CODEC.decode(record)
    assert wire.origin(value, headers, CODEC) == (CODEC.decode(record).channel, record.position, record.key)


@given(records())
def test_the_document_has_the_attributes_that_consumers_rely_on(record: Record) -> None:
    message = wire.encode(record)
    event = msgspec.json.decode(message.value)
    assert event["specversion"] == "1.0"
    assert event["id"] == f"{record.log}:{record.position}"
    assert event["source"] == record.log
    assert event["type"] == f"guanxi.{record.type}.v1"
    assert event["subject"] == record.stream
    assert event["partitionkey"] == record.key
    assert len(event["sequence"]) == 20
    assert int(event["sequence"]) == record.position
    assert record.data in message.value
    assert {name for name, _ in message.headers} <= {"content-type", "traceparent"}
    assert all(value != "" for name, value in event.items() if name not in {"subject", "partitionkey", "data"})


def sample(**changes: object) -> Record:
    at = datetime(2026, 3, 1, 12, 30, 15, 123457, UTC)
    meta = CODEC.encode_meta(Meta(correlation_id="c"))
    record = Record("complaint", 7, "praise-pra_1", 1, "cus_1", "praise.recorded", 1, PRAISE.encode(), meta, at, at)
    return msgspec.structs.replace(record, **changes)


def test_an_unknown_type_is_kept_as_it_came() -> None:
    message = wire.encode(sample(type="quiet.thing-happened", data=b'{"a": 1}'))
    assert wire.decode(message.value, message.headers, CODEC).data == Unknown(msgspec.Raw(b'{"a": 1}'))


def test_a_schema_from_the_future_stops_the_reader() -> None:
    message = wire.encode(sample(schema=99))
    with pytest.raises(SchemaTooNew):
        wire.decode(message.value, message.headers, CODEC)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"not json",
        b"{}",
        b"[]",
        b"\xff\xfe",
        wire.encode(sample()).value.replace(b"guanxi.", b"other."),
        wire.encode(sample()).value.replace(b".v1", b".vx"),
        wire.encode(sample()).value.replace(b"123457Z", b"123457"),
        wire.encode(sample()).value.replace(b'"1.0"', b'"0.3"'),
        wire.encode(sample(data=b'{"praise_id": 5}')).value,
    ],
)
def test_what_is_not_a_whole_event_of_ours_is_undecodable(value: bytes) -> None:
    with pytest.raises(Undecodable):
        wire.decode(value, [("content-type", wire.CONTENT_TYPE)], CODEC)


def test_the_origin_is_readable_when_the_data_is_not() -> None:
    message = wire.encode(sample(data=b'{"praise_id": 5}'))
    assert wire.origin(message.value, message.headers, CODEC) == ("complaint/complaint", 7, "cus_1")
    assert wire.origin(b"{}", [], CODEC) is None
    assert wire.origin(b"", [("ce_type", b"\xff")], CODEC) is None
