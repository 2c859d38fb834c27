"""The decider: how a business rule is written here (Chassaing's functional event sourcing).

`decide(state, command)` returns the events that follow, none when what is asked already holds, or raises `Rejected`.
`evolve(state, event)` never raises on any state that decide can reach.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

import msgspec

from shared.envelope import Envelope

State = TypeVar("State")


class Decider(msgspec.Struct, Generic[State], frozen=True):
    """An aggregate's empty state and its way to change. `evolve` gets the decoded event struct.

    An aggregate that must know when its events happened is `dated`: its `evolve` gets `occurred_at` third.
    """

    initial: State
    evolve: Callable[..., State]
    dated: bool = False

    def fold(self, envelopes: Iterable[Envelope], state: State | None = None) -> State:
        """The state after these events, oldest first, starting from `state` or from the initial one."""
        current = self.initial if state is None else state
        for envelope in envelopes:
            dates = (envelope.occurred_at,) if self.dated else ()
            current = self.evolve(current, envelope.data, *dates)
        return current


class Fact(msgspec.Struct, frozen=True):
    """An event that follows from a decision: on which stream, about which key, when it happened."""

    stream: str
    key: str
    event: Any
    occurred_at: datetime


Kind = Literal["invalid", "not_found", "conflict", "gone"]


class Rejected(Exception):
    """A business rule says no. `code` is stable and documented; `pointer` is a JSON pointer into the request.

    `kind` is invalid (what was asked can never be), not_found, conflict (not in this state) or gone (erased);
    `retryable` when the same request may succeed later. `detail` never echoes input values.
    """

    def __init__(
        self, code: str, detail: str, pointer: str = "", *, kind: Kind = "invalid", retryable: bool = False
    ) -> None:
        super().__init__(code, detail, pointer)
        self.code = code
        self.detail = detail
        self.pointer = pointer
        self.kind: Kind = kind
        self.retryable = retryable
