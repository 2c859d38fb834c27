"""What the routes of several services share about the things they create and show."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from shared import identifiers
from shared.decider import Fact, Rejected
from shared.envelope import Reference
from shared.execute import Target
from shared.routes import Routes, facts
from shared.web.call import Call, Intent
from shared.web.models import ReferenceIn, View
from shared.web.read import Read, Waits

Accepted = TypeVar("Accepted")


class ReferenceOut(View):
    """What another system calls it."""

    system: str
    id: str

    @classmethod
    def of(cls, reference: Reference | None) -> "ReferenceOut | None":
        """As answers show it."""
        return None if reference is None else cls(system=reference.system, id=reference.id)


def identity(prefix: str, call: Call, reference: ReferenceIn | None) -> str:
    """The new thing's id: derived from the reference or the idempotency key, so that a repetition finds it again.

    The lines of a bulk request share one key, and are things of their own: each line's recorded verdict knows its id.
    """
    if reference is not None:
        return identifiers.derived(prefix, reference.system, reference.id)
    if call.key and not call.bulk:
        return identifiers.derived(prefix, "idempotency-key", call.key)
    return identifiers.new(prefix)


def accepted(value: Accepted | Rejected) -> Accepted:
    """What was prepared, where a refusal may stand in its place. Raises `Rejected`."""
    if isinstance(value, Rejected):
        raise value
    return value


def intended(
    routes: Routes, target: Target, decide: Callable[..., Iterable[Any]], *arguments: Any, at: datetime, key: str = ""
) -> Intent:
    """The decision `decide(state, *arguments)` about one stream, happening at `at`."""

    def decided(state: Any) -> list[Fact]:
        return facts(routes, decide(state, *arguments), at)

    return Intent([target], decided, key)


async def fresh(read: Read, views: Waits, log: str) -> None:
    """Wait for `min_position`; positions of other services' logs say nothing about these views."""
    own = tuple(position for position in read.positions if position.channel.startswith(f"{log}/"))
    await replace(read, positions=own).fresh(views)
