"""Events without their personal values: what may be copied, compared and kept in clear."""

from typing import Any, TypeVar

import msgspec

from shared.envelope import Sealed

Event = TypeVar("Event", bound=msgspec.Struct)


def unsealed(event: Event) -> Event:
    """The event with each optional sealed field left out. A required sealed field cannot be, and stays."""
    gone: dict[str, Any] = {
        field.name: None
        for field in msgspec.structs.fields(event)
        if field.default is None and isinstance(getattr(event, field.name), Sealed)
    }
    return msgspec.structs.replace(event, **gone) if gone else event


def same(one: msgspec.Struct, other: msgspec.Struct) -> bool:
    """Whether two events say the same in clear; sealing a value twice gives two boxes that cannot be compared."""
    return unsealed(one) == unsealed(other)
