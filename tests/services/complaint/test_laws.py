"""Whatever is asked, in any order: evolve never fails, asking twice changes nothing, a complaint has one key."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.complaint import contract, ending, handling
from services.complaint.complaint import Complaint, decider
from services.complaint.contract import ComplaintReceived, Loss
from services.complaint.routing import ROUTES, facts
from shared.decider import Rejected
from support.spec import MOMENT

COMMANDS: st.SearchStrategy[tuple[Any, ...]] = st.one_of(
    st.just((handling.acknowledge,)),
    st.just((ending.withdraw,)),
    st.builds(
        lambda *given: (handling.assess, handling.AssessComplaint(*given)),
        st.sampled_from(["minor", "major", "critical"]),
        st.sampled_from(["simple", "complex"]),
    ),
    st.just((handling.assign, handling.AssignComplaint("emp_1"))),
    st.just((handling.note_investigation, handling.NoteInvestigation())),
    st.sampled_from(["upheld", "partly_upheld", "not_upheld"]).map(
        lambda decision: (handling.decide, handling.DecideComplaint(decision))
    ),
    st.sampled_from([None, "upheld", "not_upheld"]).map(
        lambda decision: (handling.communicate, handling.CommunicateDecision(decision))
    ),
    st.sampled_from(["satisfied", "not_satisfied", "no_answer"]).map(
        lambda answer: (ending.confirm, ending.ConfirmComplaint(answer))
    ),
    st.sampled_from(["", "price"]).map(lambda cause: (ending.close, ending.CloseComplaint(cause, cause))),
    st.just((ending.reopen, ending.ReopenComplaint("again"))),
    st.just((ending.refer_externally, ending.ReferExternally("ombudsman"))),
)
RECEIVED = st.builds(
    ComplaintReceived,
    st.just("cmp_1"),
    st.just("ins_1"),
    st.just("counter"),
    st.just("card"),
    st.just("fee"),
    customer_id=st.sampled_from([None, "cus_1"]),
    severity=st.sampled_from([None, "minor", "major"]),
    loss=st.sampled_from([None, Loss(100, "CNY")]),
)


def asked(complaint: Complaint, command: tuple[Any, ...]) -> list[Any]:
    decide, *arguments = command
    try:
        return decide(complaint, *arguments)
    except Rejected:
        return []


def evolved(complaint: Complaint, events: list[Any]) -> Complaint:
    for event in events:
        complaint = decider.evolve(complaint, event)
    return complaint


@given(RECEIVED, st.lists(COMMANDS, max_size=20))
def test_asking_twice_changes_nothing_more(received: ComplaintReceived, commands: list[tuple[Any, ...]]) -> None:
    complaint = evolved(decider.initial, handling.receive(decider.initial, received))
    for command in [*commands]:
        events = asked(complaint, command)
        complaint = evolved(complaint, events)
        assert asked(complaint, command) == [], command
        for fact in facts(events, MOMENT):
            assert (fact.stream, fact.key) == ("complaint-cmp_1", received.customer_id or "cmp_1")


@given(RECEIVED, st.lists(COMMANDS, max_size=20))
def test_a_closed_complaint_was_answered_or_given_up(
    received: ComplaintReceived, commands: list[tuple[Any, ...]]
) -> None:
    complaint = evolved(decider.initial, [received])
    for command in commands:
        complaint = evolved(complaint, asked(complaint, command))
    if complaint.status == "closed" and not complaint.withdrawn:
        assert complaint.root_cause
        assert complaint.action_taken
        assert complaint.referred_to or (complaint.decision and complaint.answer in ("satisfied", "no_answer"))


def test_every_event_has_its_stream() -> None:
    assert set(ROUTES) == {struct for _, _, struct, _ in contract.EVENTS}
