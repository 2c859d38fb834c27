"""On which stream an event is written, which one key it concerns, and when it happened."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from shared.decider import Fact


class Route(msgspec.Struct, frozen=True):
    """The stream is `{prefix}-{field stream}`; the key is the first of the fields `keys` that is not None."""

    prefix: str
    stream: str
    keys: tuple[str, ...] = ("customer_id",)


class Dated(msgspec.Struct, frozen=True):
    """A decided event that happened at another time than its command."""

    event: Any
    occurred_at: datetime


Routes: TypeAlias = Mapping[type[Any], Route]


def facts(routes: Routes, events: Iterable[Any], occurred_at: datetime) -> list[Fact]:
    """The events of one decision as facts, of the command's moment unless they are `Dated`."""
    dated = (event if isinstance(event, Dated) else Dated(event, occurred_at) for event in events)
    return [_fact(routes[type(one.event)], one.event, one.occurred_at) for one in dated]


def _fact(route: Route, event: Any, occurred_at: datetime) -> Fact:
    key = next(value for field in route.keys if (value := getattr(event, field)) is not None)
    return Fact(f"{route.prefix}-{getattr(event, route.stream)}", key, event, occurred_at)
