"""A contact: recorded, corrected, voided."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from services.interaction import interaction
from services.interaction.contract import (
    InteractionCorrected,
    InteractionRecorded,
    InteractionVoided,
    OriginalInteraction,
)
from services.interaction.interaction import CorrectInteraction, VoidInteraction, decider
from shared.envelope import Sealed
from support.spec import MOMENT, given

LATER = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
PLAIN = InteractionRecorded("int_1", "cus_1", "ins_1", "counter", "in", "service", "resolved")
SEALED = msgspec.structs.replace(PLAIN, notes=Sealed("cus_1", "notes", "box"))
VISIT = msgspec.structs.replace(PLAIN, channel="visit")
MAIL = msgspec.structs.replace(PLAIN, channel="email")
CORRECTED = InteractionCorrected(
    "int_1", "cus_1", "typing mistake", OriginalInteraction(MOMENT, PLAIN), OriginalInteraction(LATER, VISIT)
)
VOIDED = InteractionVoided("int_1", "cus_1", "other customer", OriginalInteraction(MOMENT, PLAIN))
TO_VISIT = CorrectInteraction(VISIT, LATER, "typing mistake")
VOID = VoidInteraction("other customer")


def when_recorded(events: list[Any], contact: InteractionRecorded) -> Any:
    return given(decider, events).when(interaction.record, contact)


class TestRecord:
    def test_happened(self) -> None:
        when_recorded([], SEALED).then([SEALED])

    def test_ignored_even_when_sealed_anew_or_voided(self) -> None:
        when_recorded([SEALED], msgspec.structs.replace(PLAIN, notes=Sealed("cus_1", "notes", "other"))).then_nothing()
        when_recorded([SEALED, CORRECTED], SEALED).then_nothing()
        when_recorded([SEALED, VOIDED], SEALED).then_nothing()

    def test_conflict(self) -> None:
        when_recorded([SEALED], VISIT).then_rejected("already_recorded", kind="conflict")


class TestCorrect:
    def test_happened_without_sealed_fields(self) -> None:
        given(decider, [SEALED]).when(interaction.correct, TO_VISIT).then([CORRECTED])

    def test_happened_to_the_latest_version(self) -> None:
        again = CorrectInteraction(MAIL, LATER, "it was a mail")
        expected = InteractionCorrected(
            "int_1", "cus_1", "it was a mail", OriginalInteraction(LATER, VISIT), OriginalInteraction(LATER, MAIL)
        )
        given(decider, [SEALED, CORRECTED]).when(interaction.correct, again).then([expected])

    def test_ignored(self) -> None:
        given(decider, [SEALED, CORRECTED]).when(interaction.correct, TO_VISIT).then_nothing()
        as_it_was = CorrectInteraction(SEALED, MOMENT, "nothing")
        given(decider, [SEALED]).when(interaction.correct, as_it_was).then_nothing()

    def test_rejected(self) -> None:
        given(decider).when(interaction.correct, TO_VISIT).then_rejected("not_found", kind="not_found")
        moved = CorrectInteraction(msgspec.structs.replace(VISIT, customer_id="cus_2"), LATER, "wrong person")
        given(decider, [SEALED]).when(interaction.correct, moved).then_rejected("customer_changed")

    def test_conflict(self) -> None:
        outcome = given(decider, [SEALED, VOIDED]).when(interaction.correct, TO_VISIT)
        outcome.then_rejected("interaction_voided", kind="conflict")


class TestVoid:
    def test_happened(self) -> None:
        given(decider, [SEALED]).when(interaction.void, VOID).then([VOIDED])

    def test_happened_to_the_latest_version(self) -> None:
        expected = InteractionVoided("int_1", "cus_1", "other customer", OriginalInteraction(LATER, VISIT))
        given(decider, [SEALED, CORRECTED]).when(interaction.void, VOID).then([expected])

    def test_ignored(self) -> None:
        given(decider, [SEALED, VOIDED]).when(interaction.void, VOID).then_nothing()

    def test_rejected(self) -> None:
        given(decider).when(interaction.void, VOID).then_rejected("not_found", kind="not_found")
