"""Given events, when something is asked, then events, nothing or a refusal: how a business rule is specified here.

>>> given(account.decider, [opened]).when(account.close, command).then([closed])
>>> given(transaction.decider).and_given(account.decider, [opened]).when(transaction.post, command).then([posted])
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.decider import Decider, Fact, Rejected

MOMENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""When the given events happened, unless `at` says otherwise."""


def given(decider: Decider[Any], events: Iterable[Any] = (), *, at: datetime = MOMENT) -> "Given":
    """The history of the first aggregate that the decision reads."""
    return Given([]).and_given(decider, events, at=at)


class Given:
    """The states that the decision gets, in order."""

    def __init__(self, states: list[Any]) -> None:
        self._states = states

    def and_given(self, decider: Decider[Any], events: Iterable[Any] = (), *, at: datetime = MOMENT) -> "Given":
        """The history of the next aggregate."""
        return Given([*self._states, state_of(decider, events, at=at)])

    def and_none(self) -> "Given":
        """The command names no such aggregate."""
        return Given([*self._states, None])

    def when(self, decide: Any, *arguments: Any) -> "When":
        """What is asked: `decide(*states, *arguments)`."""
        try:
            return When(list(decide(*self._states, *arguments)), None)
        except Rejected as rejected:
            return When([], rejected)


class When:
    """What came of it. `events` are bare, whether the decision returns them so or as facts."""

    def __init__(self, decided: Sequence[Any], rejected: Rejected | None) -> None:
        self.facts = [item for item in decided if isinstance(item, Fact)]
        self.events = [item.event if isinstance(item, Fact) else item for item in decided]
        self.rejected = rejected

    def then(self, events: Sequence[Any]) -> None:
        """It happened, exactly so."""
        assert self.rejected is None, f"rejected: {self.rejected}"
        assert self.events == list(events)
        assert self.events, "nothing happened: say then_nothing()"

    def then_nothing(self) -> None:
        """It held already and was ignored."""
        assert self.rejected is None, f"rejected: {self.rejected}"
        assert self.events == []

    def then_rejected(self, code: str, *, kind: str | None = None, pointer: str | None = None) -> None:
        """A business rule said no."""
        if self.rejected is None:
            pytest.fail(f"not rejected, but decided {self.events}")
        assert self.rejected.code == code
        assert kind is None or self.rejected.kind == kind
        assert pointer is None or self.rejected.pointer == pointer


def state_of(decider: Decider[Any], events: Iterable[Any], *, at: datetime = MOMENT) -> Any:
    """The state after these events, all of one moment where the decider asks when they happened."""
    state = decider.initial
    dates = (at,) if decider.dated else ()
    for event in events:
        state = decider.evolve(state, event, *dates)
    return state
