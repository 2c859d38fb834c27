import re
from importlib.resources import files

import pytest

from services.scoring.policy_document import PolicyError, default_policy, load

DOCUMENT = files("services.scoring").joinpath("default_policy.toml").read_text()


def refused(pattern: str, replacement: str) -> PolicyError:
    document, changed = re.subn(pattern, replacement, DOCUMENT, count=1, flags=re.MULTILINE)
    assert changed == 1
    with pytest.raises(PolicyError) as caught:
        load(document.encode())
    return caught.value


def test_the_default_policy_loads():
    policy = default_policy()
    assert policy.version == "default-1"
    assert policy.breadth.family["card"] == "payments"
    assert policy.quality.mean("empathy") == 75
    assert policy.units(12_345, "CNY") == pytest.approx(123.45)
    assert policy.units(100, "USD") == pytest.approx(7.1)
    assert policy.units(100, "JPY") == 0


@pytest.mark.parametrize(
    ("pattern", "replacement", "code", "pointer"),
    [
        (r"^social = 0\.17", "social = 0.18", "weight_sum", "/strength/weights"),
        (r"^social = 0\.17", "social = nan", "not_finite", "/strength/weights/social"),
        (r"^personal = \[2_000, 500_000\]", "personal = [2_000, 3_999]", "marks", "/depth/marks/personal"),
        (r"^silent = \[0\.37, 0\.09\]", "silent = [0.37, 0]", "recovery", "/recovery/silent"),
        (r"^silent_bad = 40", "silent_bad = 60", "recovery", "/recovery/silent_bad"),
        (r"satisfaction = 0\.6, main", "satisfaction = 0.7, main", "weight_sum", "/loyalty/attitude"),
        (r"^balance = 62", "balance = 0", "invalid_policy", "/half_life_days/balance"),
        (r"^balance = 62", "balance = 62.5", "invalid_policy", "/half_life_days/balance"),
        (r"^publish_step", "published_step", "invalid_policy", ""),
        (r"^CNY = 1\.0", "", "no_rate", "/rates"),
        (r"^AUD = 4\.7", "XYZ = 4.7", "unknown_currency", "/rates"),
        (r"^insurance = \[\"insurance\"\]", 'insurance = ["fund"]', "families", "/breadth/families"),
        (r"^occasional = 40", "occasional = 70", "bands", "/strength/bands"),
        (r"^windows = \[30, 90, 180\]", "windows = [90, 30, 180]", "windows", "/behavioural/windows"),
        (r"^mu = 75", "mu = { reliability = 75 }", "means", "/quality/mu"),
        (r", tangibles = 11 ", " ", "element_weights", "/quality/weights"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(pattern: str, replacement: str, code: str, pointer: str):
    error = refused(pattern, replacement)
    assert (error.code, error.pointer) == (code, pointer)


def test_what_is_not_toml_is_refused():
    for document in (b"social = ", b"\xff\xfe"):
        with pytest.raises(PolicyError) as caught:
            load(document)
        assert caught.value.code == "not_toml"


def test_weights_and_marks_need_no_refold_but_half_lives_do():
    refold = default_policy().refold("Asia/Shanghai")
    lighter = load(DOCUMENT.replace("social = 0.17", "social = 0.16").replace("trust = 0.14", "trust = 0.15").encode())
    slower = load(DOCUMENT.replace("balance = 62", "balance = 63").encode())
    assert lighter.refold("Asia/Shanghai") == refold
    assert slower.refold("Asia/Shanghai") != refold
    assert default_policy().refold("Europe/Prague") != refold
