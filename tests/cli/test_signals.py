"""Signals as a banker reads them: every one that scoring can send, from its real evidence."""

import re
from typing import Any, get_args

import pytest
from rich.console import Console

from services.cli.explanation import tree
from services.cli.relationships import why
from services.cli.signals import evidence, reason
from services.scoring.signals import Name

EVIDENCE: dict[str, dict[str, float | str]] = {
    "silence": {"last_active": "2026-10-12", "days_silent": 40, "odds_by_chance": 0.0004, "usual_days": 31},
    "voice_lost": {"last_heard": "2026-04-02", "days_heard_before": 5, "retained": 0.42},
    "outflow": {"retained": 0.31, "excess": -0.4},
    "strength_drop": {"before": 61.2, "now": 48.7, "days": 30},
    "complaint_overdue": {"complaint": "cmp_1", "open_since": "2026-09-01", "complaints": 1},
    "promise_overdue": {"promise": "prm_1", "due": "2026-10-01", "promises": 2},
    "maturity_near": {"account": "acc_1", "matures": "2026-12-01", "accounts": 1},
    "spurious_loyalty": {"attitude": 0.31, "patronage": 0.8},
    "single_thread": {"counterpart": "cfo", "contacts": 9},
    "over_served": {"contacts": 14, "unanswered_beyond_free": 3.0},
    "key_uncovered": {"last_contact": "", "days": 75, "cadence": 44},
    "unconfirmed_contacts": {"weeks": 5},
}


def signal(name: str) -> dict[str, Any]:
    return {"name": name, "evidence": EVIDENCE[name], "clears": "something that ends it"}


def relationship(*names: str, **given: Any) -> dict[str, Any]:
    bonds = [
        {"name": "trust", "weight": 0.3, "value": 0.5, "points": 15.0, "known": True},
        {"name": "activity", "weight": 0.2, "value": 0.1, "points": 2.0, "known": True},
    ]
    return {
        "customer_id": "cus_1",
        "tier": "key",
        "kind": "personal",
        "as_of": "2026-11-21",
        "known": 0.9,
        "policy": "default",
        "strength": 48.7,
        "change": -12.5,
        "band": "occasional",
        "bonds": bonds,
        "satisfaction": {"episodes": [{"severity": "major", "outcome": "open", "factor": 0.7}]},
        "loyalty": {"kind": "latent", "index": 51.5, "attitude": 0.62, "patronage": 0.41, "presumed": True},
        "stage": "at_risk",
        "signals": [signal(name) for name in names],
        **given,
    }


def test_every_signal_has_its_words_and_example() -> None:
    assert set(get_args(Name)) == set(EVIDENCE)
    said = [reason(signal(name)) for name in EVIDENCE]
    assert len(set(said)) == len(said)
    assert not any("_" in each or "{" in each for each in said)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("silence", "silent since 2026-10-12"),
        ("outflow", "money leaving, 31% still here"),
        ("promise_overdue", "promise overdue since 2026-10-01"),
        ("complaint_overdue", "complaint overdue, open since 2026-09-01"),
        ("key_uncovered", "no contact for 75 days"),
        ("strength_drop", "fell from 61 to 49 in 30 days"),
    ],
)
def test_a_reason_is_what_a_banker_would_say(name: str, said: str) -> None:
    assert reason(signal(name)) == said


def test_a_signal_of_newer_code_has_its_name() -> None:
    assert reason({"name": "new_sign", "evidence": {}, "clears": ""}) == "new sign"


def test_evidence_is_told_whole() -> None:
    assert evidence(signal("key_uncovered")) == "last contact never, days 75, cadence 44"


def test_signals_come_before_the_bonds() -> None:
    assert why(relationship("silence", "outflow")) == (
        "silent since 2026-10-12; money leaving, 31% still here; major complaint open; +15 trust; -18 activity"
    )
    assert why(relationship()) == "major complaint open; +15 trust; -18 activity"


def test_an_overdue_complaint_is_told_once() -> None:
    assert why(relationship("complaint_overdue")).count("complaint") == 1


def test_one_customer_is_shown_with_signals_stage_and_loyalty() -> None:
    console = Console(width=200, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(tree(relationship("silence"), {"bonds": []}, "Cleo"))
    shown = re.sub(r"\x1b\[[0-9;]*m", "", captured.get())
    assert "stage at risk; loyalty latent (51.5: attitude 0.62, patronage 0.41, the attitude presumed)" in shown
    assert "silent since 2026-10-12" in shown
    assert "rests on: last active 2026-10-12, days silent 40, odds by chance 0.0004, usual days 31" in shown
    assert "ends with: something that ends it" in shown
