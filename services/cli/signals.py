"""Signals in a banker's words: the reason in short for tables, with its evidence and its end for one customer."""

from collections.abc import Callable, Mapping
from typing import Any

Evidence = Mapping[str, Any]

_SAID: dict[str, Callable[[Evidence], str]] = {
    "silence": lambda e: f"silent since {e['last_active']}",
    "voice_lost": lambda e: f"not heard from since {e['last_heard']}",
    "outflow": lambda e: f"money leaving, {e['retained']:.0%} still here",
    "strength_drop": lambda e: f"fell from {e['before']:.0f} to {e['now']:.0f} in {e['days']:.0f} days",
    "complaint_overdue": lambda e: f"complaint overdue, open since {e['open_since']}",
    "promise_overdue": lambda e: f"promise overdue since {e['due']}",
    "maturity_near": lambda e: f"money matures on {e['matures']}",
    "spurious_loyalty": lambda e: "stays without being content",
    "single_thread": lambda e: "hangs on one contact person",
    "over_served": lambda e: (
        "contacts go unanswered"
        if e["unanswered_beyond_free"] > 0
        else f"contacted too often, {e['contacts']:.0f} times in 90 days"
    ),
    "key_uncovered": lambda e: f"no contact for {e['days']:.0f} days",
    "unconfirmed_contacts": lambda e: f"contacts in {e['weeks']:.0f} weeks, no sign of life",
}


def reason(signal: Mapping[str, Any]) -> str:
    """In a few words; a signal that newer code sends has its name."""
    said = _SAID.get(signal["name"])
    return said(signal["evidence"]) if said else signal["name"].replace("_", " ")


def evidence(signal: Mapping[str, Any]) -> str:
    """What the signal rests on, every number and day of it."""
    return ", ".join(f"{name.replace('_', ' ')} {_shown(value)}" for name, value in signal["evidence"].items())


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value) or "never"
