"""An institution of the bank: head office → branch → sub-branch. Statistics and access rules follow this tree."""

from datetime import date
from typing import Any

import msgspec

from services.customer.contract import (
    InstitutionClosed,
    InstitutionLevel,
    InstitutionMoved,
    InstitutionRegistered,
    InstitutionRenamed,
)
from services.customer.dates import check_known
from shared.decider import Decider, Rejected
from shared.envelope import Reference

_RANK: dict[str, int] = {"head_office": 0, "branch": 1, "sub_branch": 2}


class Institution(msgspec.Struct, frozen=True):
    """What later decisions need to know. `institution_id` is empty until it is registered."""

    institution_id: str = ""
    name: str = ""
    level: InstitutionLevel = "head_office"
    parent_id: str | None = None
    closed: date | None = None


class RegisterInstitution(msgspec.Struct, frozen=True):
    institution_id: str
    name: str
    level: InstitutionLevel
    parent_id: str | None = None
    reference: Reference | None = None


class RenameInstitution(msgspec.Struct, frozen=True):
    name: str


class MoveInstitution(msgspec.Struct, frozen=True):
    """Dated, so that statistics of earlier periods keep the tree of their time."""

    parent_id: str
    effective: date


class CloseInstitution(msgspec.Struct, frozen=True):
    """`occupied` tells that a customer, an open account or an open institution below it was seen in the read model."""

    effective: date
    occupied: bool


def register(institution: Institution, parent: Institution | None, command: RegisterInstitution) -> list[Any]:
    """Gets the parent's state, or None for a head office, which is the root of a tree."""
    if institution.institution_id:
        same = (institution.level, institution.parent_id) == (command.level, command.parent_id)
        if same:
            return []
        raise Rejected("already_registered", "The institution is registered differently.", kind="conflict")
    _check_place(command.level, parent)
    return [
        InstitutionRegistered(command.institution_id, command.name, command.level, command.parent_id, command.reference)
    ]


def rename(institution: Institution, command: RenameInstitution) -> list[Any]:
    _check_open(institution)
    if institution.name == command.name:
        return []
    return [InstitutionRenamed(institution.institution_id, command.name)]


def move(institution: Institution, parent: Institution, command: MoveInstitution) -> list[Any]:
    _check_open(institution)
    check_known(command.effective, "/effective")
    _check_place(institution.level, parent)
    if institution.parent_id == command.parent_id:
        return []
    return [InstitutionMoved(institution.institution_id, command.parent_id, command.effective)]


def close(institution: Institution, command: CloseInstitution) -> list[Any]:
    check_exists(institution)
    check_known(command.effective, "/effective")
    if institution.closed:
        return []
    if command.occupied:
        raise Rejected(
            "institution_not_empty",
            "It still has a customer, an open account or an open institution below it.",
            kind="conflict",
        )
    return [InstitutionClosed(institution.institution_id, command.effective)]


def evolve(institution: Institution, event: Any) -> Institution:
    match event:
        case InstitutionRegistered():
            return Institution(event.institution_id, event.name, event.level, event.parent_id)
        case InstitutionRenamed():
            return msgspec.structs.replace(institution, name=event.name)
        case InstitutionMoved():
            return msgspec.structs.replace(institution, parent_id=event.parent_id)
        case InstitutionClosed():
            return msgspec.structs.replace(institution, closed=event.effective)
        case _:
            return institution


def owner(institution: Institution) -> str | None:
    """Whom the access rules ask about."""
    return institution.institution_id or None


def check_exists(institution: Institution) -> None:
    """Refuse a path that names no institution."""
    if not institution.institution_id:
        raise Rejected("not_found", "No such resource.", kind="not_found")


def check_usable(institution: Institution, pointer: str) -> None:
    """Refuse a body that names an institution which is unknown or closed."""
    if not institution.institution_id:
        raise Rejected("unknown_institution", "No such institution.", pointer)
    if institution.closed:
        raise Rejected("institution_closed", "The institution is closed.", pointer)


def _check_open(institution: Institution) -> None:
    check_exists(institution)
    if institution.closed:
        raise Rejected("institution_closed", "The institution is closed.", kind="conflict")


def _check_place(level: str, parent: Institution | None) -> None:
    if parent is None:
        if level != "head_office":
            raise Rejected("parent_required", "Only a head office has nothing above it.", "/parent_id")
        return
    check_usable(parent, "/parent_id")
    if _RANK[parent.level] >= _RANK[level]:
        raise Rejected("wrong_level", "An institution stands below one of a higher level.", "/parent_id")


decider = Decider(Institution(), evolve)
