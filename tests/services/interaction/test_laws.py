"""Whatever is asked, in any order: evolve never fails, asking twice changes nothing, a promise is settled once."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.interaction import contract, interaction, promise
from services.interaction.contract import (
    InteractionCorrected,
    InteractionRecorded,
    InteractionVoided,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
    PromiseReleased,
)
from services.interaction.routing import ROUTES, facts
from shared.decider import Decider, Rejected
from support.spec import MOMENT

ZONE = ZoneInfo("Asia/Shanghai")
CONTACT = InteractionRecorded("int_1", "cus_1", "ins_1", "counter", "in", "service", "resolved")
CONTACTS = st.sampled_from(["counter", "visit", "email"]).map(lambda ch: msgspec.structs.replace(CONTACT, channel=ch))
PROMISE = PromiseMade("prm_1", "cus_1", "ins_1", "emp_1", date(2026, 3, 10))
MOMENTS = st.integers(0, 20).map(lambda days: MOMENT + timedelta(days=days))

ABOUT_CONTACTS = st.one_of(
    CONTACTS.map(lambda contact: (interaction.record, contact)),
    st.tuples(CONTACTS, MOMENTS).map(
        lambda given: (interaction.correct, interaction.CorrectInteraction(*given, reason="typing mistake"))
    ),
    st.just((interaction.void, interaction.VoidInteraction("other customer"))),
)
ABOUT_PROMISES = st.one_of(
    MOMENTS.map(lambda at: (promise.make, PROMISE, at, ZONE)),
    st.tuples(st.integers(2, 28), st.booleans(), MOMENTS).map(
        lambda g: (promise.renegotiate, promise.RenegotiatePromise(date(2026, 3, g[0]), g[1]), g[2], ZONE)
    ),
    MOMENTS.map(lambda at: (promise.keep, at, ZONE)),
    MOMENTS.map(lambda at: (promise.release, at, ZONE)),
    MOMENTS.map(lambda at: (promise.break_overdue, at, ZONE)),
)


def run(decider: Decider[Any], commands: list[tuple[Any, ...]]) -> list[Any]:
    """Ask everything in turn, each thing twice; the events that came of it."""
    state, history = decider.initial, []
    for decide, *arguments in commands:
        try:
            decided = facts(decide(state, *arguments), MOMENT)
        except Rejected:
            continue
        for fact in decided:
            dates = (fact.occurred_at,) if decider.dated else ()
            state = decider.evolve(state, fact.event, *dates)
        history += [fact.event for fact in decided]
        assert decide(state, *arguments) == []
    return history


@given(st.lists(ABOUT_CONTACTS, max_size=20))
def test_retractions_leave_exactly_the_latest_version(commands: list[tuple[Any, ...]]) -> None:
    standing: list[Any] = []
    for event in run(interaction.decider, commands):
        match event:
            case InteractionRecorded():
                standing.append(event)
            case InteractionCorrected():
                standing.remove(event.original.data)
                standing.append(event.replacement.data)
            case InteractionVoided():
                standing.remove(event.original.data)
    assert len(standing) <= 1


@given(st.lists(ABOUT_PROMISES, max_size=20))
def test_a_promise_is_settled_once(commands: list[tuple[Any, ...]]) -> None:
    settled = [
        type(event)
        for event in run(promise.decider, commands)
        if isinstance(event, PromiseKept | PromiseBroken | PromiseReleased)
    ]
    assert settled in ([], [PromiseKept], [PromiseBroken], [PromiseReleased], [PromiseBroken, PromiseKept])


def test_every_event_that_is_decided_here_has_its_stream() -> None:
    campaigns = {contract.InvitationSent, contract.InvitationAnswered, contract.AttendanceRecorded}
    assert set(ROUTES) == {struct for _, _, struct, _ in contract.EVENTS} - campaigns
