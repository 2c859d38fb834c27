"""One contact with a customer: recorded once, corrected as often as needed, or voided for good."""

from datetime import datetime
from typing import Any

import msgspec

from services.interaction.contract import (
    InteractionCorrected,
    InteractionRecorded,
    InteractionVoided,
    OriginalInteraction,
)
from shared.decider import Decider, Rejected
from shared.unsealed import same, unsealed


class Interaction(msgspec.Struct, frozen=True):
    """`recorded` as it came first, `latest` as last corrected; None before the record."""

    recorded: OriginalInteraction | None = None
    latest: OriginalInteraction | None = None
    voided: bool = False


class CorrectInteraction(msgspec.Struct, frozen=True):
    """`contact` replaces what was recorded; `happened_at` is when it really took place."""

    contact: InteractionRecorded
    happened_at: datetime
    reason: str


class VoidInteraction(msgspec.Struct, frozen=True):
    reason: str


def record(interaction: Interaction, contact: InteractionRecorded) -> list[Any]:
    """Recording the same contact again says nothing new."""
    if interaction.recorded is None:
        return [contact]
    if same(interaction.recorded.data, contact):
        return []
    raise Rejected("already_recorded", "The interaction is recorded differently.", kind="conflict")


def correct(interaction: Interaction, command: CorrectInteraction) -> list[Any]:
    """Takes back the latest version, so that correcting a correction leaves only the last replacement."""
    latest = _latest(interaction)
    if command.contact.customer_id != latest.data.customer_id:
        raise Rejected("customer_changed", "A correction cannot move a contact to another customer.", "/customer_id")
    if interaction.voided:
        raise Rejected("interaction_voided", "The interaction has been voided.", kind="conflict")
    replacement = OriginalInteraction(command.happened_at, unsealed(command.contact))
    if replacement == latest:
        return []
    data = latest.data
    return [InteractionCorrected(data.interaction_id, data.customer_id, command.reason, latest, replacement)]


def void(interaction: Interaction, command: VoidInteraction) -> list[Any]:
    """The contact as last corrected did not happen."""
    latest = _latest(interaction)
    if interaction.voided:
        return []
    return [InteractionVoided(latest.data.interaction_id, latest.data.customer_id, command.reason, latest)]


def evolve(interaction: Interaction, event: Any, occurred_at: datetime) -> Interaction:
    match event:
        case InteractionRecorded():
            original = OriginalInteraction(occurred_at, unsealed(event))
            return Interaction(original, original)
        case InteractionCorrected():
            return msgspec.structs.replace(interaction, latest=event.replacement)
        case InteractionVoided():
            return msgspec.structs.replace(interaction, voided=True)
        case _:
            return interaction


def owner(interaction: Interaction) -> str | None:
    """The institution whom the access rules ask about."""
    return interaction.latest.data.institution_id if interaction.latest else None


def _latest(interaction: Interaction) -> OriginalInteraction:
    if interaction.latest is None:
        raise Rejected("not_found", "No such resource.", kind="not_found")
    return interaction.latest


decider = Decider(Interaction(), evolve, dated=True)
