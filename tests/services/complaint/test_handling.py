"""What may be asked of a complaint: happened, ignored, rejected, conflict, command by command."""

from typing import Any

import pytest

from services.complaint import ending, handling
from services.complaint.complaint import decider
from services.complaint.contract import (
    ComplaintAcknowledged,
    ComplaintAssessed,
    ComplaintAssigned,
    ComplaintClosed,
    ComplaintCommunicated,
    ComplaintConfirmed,
    ComplaintDecided,
    ComplaintInvestigationNoted,
    ComplaintReceived,
    ComplaintReferredExternally,
    ComplaintReopened,
    ComplaintWithdrawn,
    Loss,
)
from shared.envelope import Sealed
from support.spec import given

C, K = "cmp_1", "cus_1"
MAJOR = ComplaintReceived(C, "ins_1", "counter", "card", "fee", K, severity="major")
MINOR = ComplaintReceived(C, "ins_1", "counter", "card", "fee", K, severity="minor")
ACKNOWLEDGED = ComplaintAcknowledged(C, K)
ASSESSED = ComplaintAssessed(C, "major", "complex", "one customer", K)
ASSESSED_MINOR = ComplaintAssessed(C, "minor", "simple", customer_id=K)
NOTED = ComplaintInvestigationNoted(C, customer_id=K)
DECIDED = ComplaintDecided(C, "upheld", "fee refunded", K)
COMMUNICATED = ComplaintCommunicated(C, "upheld", K)
SATISFIED = ComplaintConfirmed(C, "satisfied", K)
NOT_SATISFIED = ComplaintConfirmed(C, "not_satisfied", K)
REOPENED = ComplaintReopened(C, ending.NOT_SATISFIED, K)
CLOSED = ComplaintClosed(C, "price", "tariff sheet corrected", K)
WITHDRAWN = ComplaintWithdrawn(C, K)
REFERRED = ComplaintReferredExternally(C, "ombudsman", K)

PATH: list[Any] = [MAJOR, ACKNOWLEDGED, ASSESSED, NOTED, DECIDED, COMMUNICATED, SATISFIED, CLOSED]
ASSESS = handling.AssessComplaint("major", "complex", "one customer")
DECIDE = handling.DecideComplaint("upheld", "fee refunded")
COMMUNICATE = handling.CommunicateDecision()
CONFIRM = ending.ConfirmComplaint("satisfied")
CLOSE = ending.CloseComplaint("price", "tariff sheet corrected")


def path_to(last: Any) -> list[Any]:
    return PATH[: PATH.index(last) + 1]


class TestReceive:
    def test_happened(self) -> None:
        given(decider).when(handling.receive, MAJOR).then([MAJOR])

    def test_happened_for_nobody_in_particular(self) -> None:
        anonymous = ComplaintReceived(C, "ins_1", "letter", "account", "courtesy")
        given(decider).when(handling.receive, anonymous).then([anonymous])

    def test_ignored_even_when_sealed_anew(self) -> None:
        one = ComplaintReceived(C, "ins_1", "counter", "card", "fee", K, narrative=Sealed(K, "narrative", "one"))
        other = ComplaintReceived(C, "ins_1", "counter", "card", "fee", K, narrative=Sealed(K, "narrative", "two"))
        given(decider, [one]).when(handling.receive, other).then_nothing()

    def test_conflict(self) -> None:
        given(decider, [MAJOR]).when(handling.receive, MINOR).then_rejected("already_received", kind="conflict")


class TestAcknowledge:
    def test_happened(self) -> None:
        given(decider, [MAJOR]).when(handling.acknowledge).then([ACKNOWLEDGED])

    def test_ignored(self) -> None:
        given(decider, path_to(CLOSED)).when(handling.acknowledge).then_nothing()

    def test_rejected(self) -> None:
        given(decider).when(handling.acknowledge).then_rejected("not_found", kind="not_found")

    def test_conflict(self) -> None:
        given(decider, [MAJOR, WITHDRAWN]).when(handling.acknowledge).then_rejected("too_late", kind="conflict")


class TestAssess:
    def test_happened(self) -> None:
        given(decider, path_to(ACKNOWLEDGED)).when(handling.assess, ASSESS).then([ASSESSED])

    def test_happened_again_while_undecided(self) -> None:
        revised = handling.AssessComplaint("critical", "complex")
        expected = ComplaintAssessed(C, "critical", "complex", "", K)
        given(decider, path_to(NOTED)).when(handling.assess, revised).then([expected])

    def test_happened_with_the_acknowledgement_it_implies(self) -> None:
        minor = handling.AssessComplaint("minor", "simple")
        given(decider, [MINOR]).when(handling.assess, minor).then([ACKNOWLEDGED, ASSESSED_MINOR])

    def test_ignored(self) -> None:
        given(decider, path_to(DECIDED)).when(handling.assess, ASSESS).then_nothing()

    def test_rejected(self) -> None:
        given(decider, [MAJOR]).when(handling.assess, ASSESS).then_rejected("step_missing", kind="conflict")

    def test_conflict(self) -> None:
        other = handling.AssessComplaint("minor", "simple")
        given(decider, path_to(DECIDED)).when(handling.assess, other).then_rejected("too_late", kind="conflict")


class TestAssign:
    HANDLER = handling.AssignComplaint("emp_7", "cards")
    ASSIGNED = ComplaintAssigned(C, "emp_7", "cards", K)

    def test_happened(self) -> None:
        given(decider, [MAJOR]).when(handling.assign, self.HANDLER).then([self.ASSIGNED])

    def test_ignored(self) -> None:
        given(decider, [MAJOR, self.ASSIGNED]).when(handling.assign, self.HANDLER).then_nothing()

    def test_rejected(self) -> None:
        given(decider).when(handling.assign, self.HANDLER).then_rejected("not_found", kind="not_found")

    def test_conflict(self) -> None:
        given(decider, path_to(CLOSED)).when(handling.assign, self.HANDLER).then_rejected("too_late", kind="conflict")


class TestNoteInvestigation:
    def test_happened(self) -> None:
        given(decider, path_to(ASSESSED)).when(handling.note_investigation, handling.NoteInvestigation()).then([NOTED])

    def test_ignored_without_a_text(self) -> None:
        given(decider, path_to(NOTED)).when(handling.note_investigation, handling.NoteInvestigation()).then_nothing()

    def test_rejected(self) -> None:
        outcome = given(decider, path_to(ACKNOWLEDGED)).when(handling.note_investigation, handling.NoteInvestigation())
        outcome.then_rejected("step_missing", kind="conflict")

    def test_conflict(self) -> None:
        outcome = given(decider, path_to(DECIDED)).when(handling.note_investigation, handling.NoteInvestigation())
        outcome.then_rejected("too_late", kind="conflict")


class TestDecide:
    def test_happened(self) -> None:
        given(decider, path_to(NOTED)).when(handling.decide, DECIDE).then([DECIDED])

    def test_happened_at_once_for_a_minor_case(self) -> None:
        given(decider, [MINOR]).when(handling.decide, DECIDE).then([ACKNOWLEDGED, ASSESSED_MINOR, DECIDED])

    def test_happened_anew_after_a_reopening(self) -> None:
        reopened = [*path_to(COMMUNICATED), NOT_SATISFIED, REOPENED]
        given(decider, reopened).when(handling.decide, DECIDE).then([DECIDED])

    def test_ignored(self) -> None:
        given(decider, path_to(CLOSED)).when(handling.decide, DECIDE).then_nothing()

    @pytest.mark.parametrize("last", [MAJOR, ACKNOWLEDGED, ASSESSED])
    def test_rejected_before_every_step_of_a_major_case_is_taken(self, last: Any) -> None:
        given(decider, path_to(last)).when(handling.decide, DECIDE).then_rejected("step_missing", kind="conflict")

    def test_rejected_where_a_loss_awaits_its_assessment(self) -> None:
        loss = ComplaintReceived(C, "ins_1", "counter", "card", "fraud", K, loss=Loss(900_000, "CNY"))
        given(decider, [loss]).when(handling.decide, DECIDE).then_rejected("step_missing", kind="conflict")

    def test_conflict(self) -> None:
        other = handling.DecideComplaint("not_upheld")
        given(decider, path_to(DECIDED)).when(handling.decide, other).then_rejected("too_late", kind="conflict")


class TestCommunicate:
    def test_happened(self) -> None:
        given(decider, path_to(DECIDED)).when(handling.communicate, COMMUNICATE).then([COMMUNICATED])

    def test_happened_at_once_for_a_minor_case(self) -> None:
        told = handling.CommunicateDecision("upheld")
        expected = [ACKNOWLEDGED, ASSESSED_MINOR, ComplaintDecided(C, "upheld", customer_id=K), COMMUNICATED]
        given(decider, [MINOR]).when(handling.communicate, told).then(expected)

    def test_ignored(self) -> None:
        given(decider, path_to(CLOSED)).when(handling.communicate, COMMUNICATE).then_nothing()

    def test_rejected_where_nothing_was_decided(self) -> None:
        given(decider, [MINOR]).when(handling.communicate, COMMUNICATE).then_rejected("step_missing", kind="conflict")
        told = handling.CommunicateDecision("upheld")
        given(decider, path_to(NOTED)).when(handling.communicate, told).then_rejected("step_missing", kind="conflict")

    def test_conflict(self) -> None:
        other = handling.CommunicateDecision("not_upheld")
        given(decider, path_to(DECIDED)).when(handling.communicate, other).then_rejected("other_decision")


class TestConfirm:
    def test_happened(self) -> None:
        given(decider, path_to(COMMUNICATED)).when(ending.confirm, CONFIRM).then([SATISFIED])

    def test_happened_and_reopened_when_not_satisfied(self) -> None:
        answer = ending.ConfirmComplaint("not_satisfied")
        given(decider, path_to(COMMUNICATED)).when(ending.confirm, answer).then([NOT_SATISFIED, REOPENED])

    def test_happened_after_no_answer(self) -> None:
        silent = ComplaintConfirmed(C, "no_answer", K)
        given(decider, [*path_to(COMMUNICATED), silent]).when(ending.confirm, CONFIRM).then([SATISFIED])

    def test_ignored(self) -> None:
        given(decider, path_to(SATISFIED)).when(ending.confirm, CONFIRM).then_nothing()
        answer = ending.ConfirmComplaint("not_satisfied")
        given(decider, [*path_to(COMMUNICATED), NOT_SATISFIED, REOPENED]).when(ending.confirm, answer).then_nothing()

    def test_rejected(self) -> None:
        given(decider, path_to(DECIDED)).when(ending.confirm, CONFIRM).then_rejected("not_communicated")

    def test_conflict(self) -> None:
        answer = ending.ConfirmComplaint("not_satisfied")
        given(decider, path_to(SATISFIED)).when(ending.confirm, answer).then_rejected(
            "not_communicated", kind="conflict"
        )


class TestClose:
    def test_happened(self) -> None:
        given(decider, path_to(SATISFIED)).when(ending.close, CLOSE).then([CLOSED])

    def test_happened_without_a_cause_when_withdrawn(self) -> None:
        closed = ComplaintClosed(C, customer_id=K)
        given(decider, [MAJOR, WITHDRAWN]).when(ending.close, ending.CloseComplaint()).then([closed])

    def test_happened_after_another_body_had_it(self) -> None:
        given(decider, [MAJOR, REFERRED]).when(ending.close, CLOSE).then([CLOSED])

    def test_ignored(self) -> None:
        given(decider, path_to(CLOSED)).when(ending.close, CLOSE).then_nothing()

    @pytest.mark.parametrize(
        ("command", "code"),
        [
            (ending.CloseComplaint("", "fixed"), "root_cause_required"),
            (ending.CloseComplaint("price", " "), "action_taken_required"),
        ],
    )
    def test_rejected(self, command: ending.CloseComplaint, code: str) -> None:
        given(decider, path_to(SATISFIED)).when(ending.close, command).then_rejected(code)

    def test_conflict(self) -> None:
        given(decider, path_to(COMMUNICATED)).when(ending.close, CLOSE).then_rejected("not_confirmed", kind="conflict")
        other = ending.CloseComplaint("system", "restarted")
        given(decider, path_to(CLOSED)).when(ending.close, other).then_rejected("already_closed", kind="conflict")


class TestReopen:
    AGAIN = ending.ReopenComplaint("charged again")

    @pytest.mark.parametrize("last", [COMMUNICATED, SATISFIED, CLOSED])
    def test_happened(self, last: Any) -> None:
        given(decider, path_to(last)).when(ending.reopen, self.AGAIN).then([ComplaintReopened(C, "charged again", K)])

    def test_ignored(self) -> None:
        given(decider, [*path_to(CLOSED), REOPENED]).when(ending.reopen, self.AGAIN).then_nothing()

    def test_rejected(self) -> None:
        given(decider, path_to(DECIDED)).when(ending.reopen, self.AGAIN).then_rejected("not_answered")

    def test_conflict_when_withdrawn_and_closed(self) -> None:
        history = [MAJOR, WITHDRAWN, ComplaintClosed(C, customer_id=K)]
        given(decider, history).when(ending.reopen, self.AGAIN).then_rejected("not_answered", kind="conflict")


class TestWithdraw:
    def test_happened(self) -> None:
        given(decider, path_to(NOTED)).when(ending.withdraw).then([WITHDRAWN])

    def test_ignored(self) -> None:
        given(decider, [MAJOR, WITHDRAWN]).when(ending.withdraw).then_nothing()

    def test_rejected(self) -> None:
        given(decider).when(ending.withdraw).then_rejected("not_found", kind="not_found")

    def test_conflict(self) -> None:
        given(decider, path_to(CLOSED)).when(ending.withdraw).then_rejected("already_closed", kind="conflict")


class TestReferExternally:
    BODY = ending.ReferExternally("ombudsman")

    def test_happened(self) -> None:
        given(decider, path_to(COMMUNICATED)).when(ending.refer_externally, self.BODY).then([REFERRED])

    def test_ignored(self) -> None:
        given(decider, [MAJOR, REFERRED]).when(ending.refer_externally, self.BODY).then_nothing()

    def test_rejected(self) -> None:
        given(decider).when(ending.refer_externally, self.BODY).then_rejected("not_found", kind="not_found")

    def test_conflict(self) -> None:
        given(decider, path_to(CLOSED)).when(ending.refer_externally, self.BODY).then_rejected("already_ended")
