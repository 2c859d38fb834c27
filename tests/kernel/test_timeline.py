"""The timeline keeps every event and no personal value."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.complaint import contract as complaint
from services.customer import contract as customer
from services.interaction import contract as interaction
from shared.codec import Codec, Unknown
from shared.envelope import Envelope, Meta, Sealed
from shared.timeline import BLANK, may_be_sealed, timeline_event, without_sealed, without_sealed_json
from support.ledger import AT, CODEC, Noted, Posted, envelope

SECRET = Sealed("cus_secret", "name", "c2VjcmV0")
BANK = Codec([customer, interaction, complaint])


class Inner(msgspec.Struct, frozen=True):
    note: Sealed | None = None
    count: int = 0


class Nested(msgspec.Struct, frozen=True):
    needed: Sealed
    one: Inner
    several: tuple[Inner, ...] = ()
    loose: list[Sealed] = []
    by_name: dict[str, Sealed | str] = {}
    anything: Any = None


def test_sealed_values_are_left_out_at_any_depth() -> None:
    event = Nested(
        SECRET, Inner(SECRET, 1), (Inner(SECRET, 2),), [SECRET], {"a": SECRET, "b": "clear"}, Inner(SECRET, 3)
    )
    assert without_sealed(event) == Nested(BLANK, Inner(None, 1), (Inner(None, 2),), [], {"b": "clear"}, Inner(None, 3))


def test_what_holds_nothing_sealed_is_kept_as_it_is() -> None:
    event = Posted("cus_1", 1)
    assert without_sealed(event) is event
    assert not may_be_sealed(Posted)
    assert may_be_sealed(Noted)
    assert may_be_sealed(Nested)


@pytest.mark.parametrize("kind", [event.struct for event in BANK.events], ids=lambda kind: kind.__name__)
def test_every_event_of_the_bank_that_mentions_a_sealed_value_is_walked(kind: type[Any]) -> None:
    assert may_be_sealed(kind) or "Sealed" not in msgspec.json.schema(kind).get("$defs", {})


def test_a_required_sealed_field_stays_decodable_and_empty() -> None:
    kept = timeline_event(CODEC, envelope("cus_1", 1, Noted("cus_1", SECRET, {"phone": SECRET}, SECRET)))
    assert b"secret" not in kept.data
    assert b"c2VjcmV0" not in kept.data
    assert CODEC.decode_data(kept.type, kept.schema, kept.data) == Noted("cus_1", BLANK)


def test_an_unknown_type_loses_what_looks_sealed() -> None:
    raw = b'{"a":[{"subject":"cus_secret","field":"f","box":"c2VjcmV0"}],"b":{"subject":"s"},"c":1}'
    unknown = Envelope(
        "later", 1, "s-1", 1, "cus_1", "later.thing", 7, "later", Unknown(msgspec.Raw(raw)), Meta(), AT, AT
    )
    kept = timeline_event(CODEC, unknown)
    assert kept.schema == 7
    assert kept.data == b'{"a":[{"subject":"","field":"","box":""}],"b":{"subject":"s"},"c":1}'


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(plain)
def test_json_without_sealed_values_is_kept(value: Any) -> None:
    assert msgspec.json.decode(without_sealed_json(msgspec.json.encode(value))) == value
