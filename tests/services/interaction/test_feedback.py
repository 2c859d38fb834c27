"""Ratings, survey answers, recognitions: said once, on scales that fit."""

import msgspec
import pytest

from services.interaction import feedback
from services.interaction.contract import RecognitionGiven, ServiceElementRated, SurveyAnswered
from services.interaction.feedback import Said, decider
from support.spec import given

DEVICE = ServiceElementRated("rtg_1", "overall", 5, 1, 5, "device", "ins_1", "cus_1")
MYSTERY = ServiceElementRated("rtg_2", "tangibles", 80, 0, 100, "mystery_visit", "ins_1")
ANSWER = SurveyAnswered("sur_1", "cus_1", "nps", 9, "ins_1")
GREETING = RecognitionGiven("rec_1", "cus_1", "greeting")
ALL: list[Said] = [DEVICE, MYSTERY, ANSWER, GREETING]


@pytest.mark.parametrize("said", ALL)
def test_happened(said: Said) -> None:
    given(decider).when(feedback.say, said).then([said])


@pytest.mark.parametrize("said", ALL)
def test_ignored(said: Said) -> None:
    given(decider, [said]).when(feedback.say, said).then_nothing()


def test_conflict() -> None:
    other = msgspec.structs.replace(DEVICE, value=1)
    given(decider, [DEVICE]).when(feedback.say, other).then_rejected("already_recorded", kind="conflict")


@pytest.mark.parametrize(
    ("said", "code", "pointer"),
    [
        (msgspec.structs.replace(DEVICE, scale_max=10), "invalid_scale", "/scale_max"),
        (msgspec.structs.replace(MYSTERY, scale_min=100, scale_max=0), "invalid_scale", "/scale_max"),
        (msgspec.structs.replace(DEVICE, value=0), "value_off_scale", "/value"),
        (msgspec.structs.replace(MYSTERY, value=101), "value_off_scale", "/value"),
        (msgspec.structs.replace(MYSTERY, customer_id="cus_1"), "customer_not_allowed", "/customer_id"),
        (SurveyAnswered("sur_1", "cus_1", "csat", 6, "ins_1"), "value_off_scale", "/value"),
        (SurveyAnswered("sur_1", "cus_1", "ces", 0, "ins_1"), "value_off_scale", "/value"),
    ],
)
def test_rejected(said: Said, code: str, pointer: str) -> None:
    given(decider).when(feedback.say, said).then_rejected(code, pointer=pointer)
