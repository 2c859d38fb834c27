from datetime import date

import pytest

from services.customer import institution
from services.customer.contract import InstitutionClosed, InstitutionMoved, InstitutionRenamed
from services.customer.institution import CloseInstitution, MoveInstitution, RegisterInstitution, RenameInstitution
from support.customers import BRANCH, HEAD, OTHER_BRANCH, branch_registered, head_registered
from support.spec import given

DAY = date(2026, 3, 1)
HARBOUR = RegisterInstitution(BRANCH, "Harbour", "branch", HEAD)


def test_registered_below_the_head_office() -> None:
    given(institution.decider).and_given(institution.decider, [head_registered()]).when(
        institution.register, HARBOUR
    ).then([branch_registered()])


def test_head_office_registered_as_the_root() -> None:
    command = RegisterInstitution(HEAD, "Head", "head_office")
    given(institution.decider).and_none().when(institution.register, command).then([head_registered()])


def test_registering_again_ignored() -> None:
    given(institution.decider, [branch_registered()]).and_given(institution.decider, [head_registered()]).when(
        institution.register, HARBOUR
    ).then_nothing()


def test_registering_differently_conflicts() -> None:
    command = RegisterInstitution(BRANCH, "Harbour", "sub_branch", HEAD)
    given(institution.decider, [branch_registered()]).and_given(institution.decider, [head_registered()]).when(
        institution.register, command
    ).then_rejected("already_registered", kind="conflict")


def test_unknown_parent_rejected() -> None:
    given(institution.decider).and_given(institution.decider).when(institution.register, HARBOUR).then_rejected(
        "unknown_institution", pointer="/parent_id"
    )


def test_branch_without_parent_rejected() -> None:
    command = RegisterInstitution(BRANCH, "Harbour", "branch")
    given(institution.decider).and_none().when(institution.register, command).then_rejected("parent_required")


@pytest.mark.parametrize("level", ["head_office", "branch"])
def test_below_its_own_level_rejected(level: str) -> None:
    command = RegisterInstitution(OTHER_BRANCH, "Elsewhere", level, BRANCH)  # type: ignore[arg-type]
    given(institution.decider).and_given(institution.decider, [branch_registered()]).when(
        institution.register, command
    ).then_rejected("wrong_level", pointer="/parent_id")


def test_renamed() -> None:
    given(institution.decider, [branch_registered()]).when(institution.rename, RenameInstitution("Quay")).then(
        [InstitutionRenamed(BRANCH, "Quay")]
    )


def test_same_name_ignored() -> None:
    given(institution.decider, [branch_registered()]).when(
        institution.rename, RenameInstitution("Harbour")
    ).then_nothing()


def test_renaming_nothing_not_found() -> None:
    given(institution.decider).when(institution.rename, RenameInstitution("Quay")).then_rejected("not_found")


def test_moved_on_a_day() -> None:
    other = head_registered(institution_id=OTHER_BRANCH)
    given(institution.decider, [branch_registered()]).and_given(institution.decider, [other]).when(
        institution.move, MoveInstitution(OTHER_BRANCH, DAY)
    ).then([InstitutionMoved(BRANCH, OTHER_BRANCH, DAY)])


def test_moving_where_it_is_ignored() -> None:
    given(institution.decider, [branch_registered()]).and_given(institution.decider, [head_registered()]).when(
        institution.move, MoveInstitution(HEAD, DAY)
    ).then_nothing()


def test_head_office_cannot_be_moved() -> None:
    given(institution.decider, [head_registered()]).and_given(institution.decider, [branch_registered()]).when(
        institution.move, MoveInstitution(BRANCH, DAY)
    ).then_rejected("wrong_level")


def test_closed() -> None:
    given(institution.decider, [branch_registered()]).when(institution.close, CloseInstitution(DAY, False)).then(
        [InstitutionClosed(BRANCH, DAY)]
    )


def test_closing_again_ignored() -> None:
    given(institution.decider, [branch_registered(), InstitutionClosed(BRANCH, DAY)]).when(
        institution.close, CloseInstitution(DAY, True)
    ).then_nothing()


def test_closing_what_is_occupied_conflicts() -> None:
    given(institution.decider, [branch_registered()]).when(
        institution.close, CloseInstitution(DAY, True)
    ).then_rejected("institution_not_empty", kind="conflict")


def test_changing_a_closed_one_conflicts() -> None:
    given(institution.decider, [branch_registered(), InstitutionClosed(BRANCH, DAY)]).when(
        institution.rename, RenameInstitution("Quay")
    ).then_rejected("institution_closed", kind="conflict")
