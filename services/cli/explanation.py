"""An explained relationship as a tree: bonds, their lines, and the events behind them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.tree import Tree

from services.cli.options import settings
from services.cli.signals import evidence, reason

BAND = {"close": "green", "occasional": "yellow", "sporadic": "red"}
LINES, EVENTS = 5, 3


def score(relationship: Mapping[str, Any]) -> tuple[str, str, str]:
    """Strength, coloured band, and the change of 30 days, empty where it is not known."""
    change, band = relationship["change"], relationship["band"]
    # Adding zero makes of a rounded -0.0 a 0.0.
    shown = "" if change is None else f"{round(change, 1) + 0.0:+.1f}"
    return f"{relationship['strength']:.1f}", f"[{BAND.get(band, 'default')}]{band}[/]", shown


def tree(found: Mapping[str, Any], explained: Mapping[str, Any], name: str, *, everything: bool = False) -> Tree:
    """Every bond with its largest lines and events, or with all of them."""
    built = Tree(_title(found, name))
    zone = settings().zone
    if found["signals"]:
        _signals(built.add("[bold]signals[/]"), found["signals"])
    weights = {bond["name"]: bond["weight"] for bond in found["bonds"]}
    for bond in sorted(explained["bonds"], key=_points):
        branch = built.add(f"[bold]{bond['points']:8.4f}[/] of {100 * weights[bond['name']]:g}  {bond['name']}")
        lines = [line for line in sorted(bond["lines"], key=_points) if line["points"] or everything]
        shown = len(lines) if everything else LINES
        for line in lines[:shown]:
            _line(branch, line, zone, everything=everything)
        _more(branch, lines[shown:], "lines")
    return built


def _title(found: Mapping[str, Any], name: str) -> str:
    strength, band, change = score(found)
    kind = " ".join(part for part in (found["tier"], found["kind"]) if part)
    moved = f", {change} in 30 days" if change else ""
    return (
        f"[bold]{name}[/]  {found['customer_id']}\n"
        f"strength [bold]{strength}[/] {band}{moved}; {kind}; as of {found['as_of']}; "
        f"{found['known']:.0%} on own evidence; policy {found['policy']}\n"
        f"stage {found['stage'].replace('_', ' ')}; {_loyalty(found['loyalty'])}"
    )


def _loyalty(loyalty: Mapping[str, Any]) -> str:
    presumed = ", the attitude presumed" if loyalty["presumed"] else ""
    return (
        f"loyalty {loyalty['kind']} ({loyalty['index']:.1f}: "
        f"attitude {loyalty['attitude']:.2f}, patronage {loyalty['patronage']:.2f}{presumed})"
    )


def _signals(branch: Tree, signals: Sequence[Mapping[str, Any]]) -> None:
    for signal in signals:
        leaf = branch.add(f"[red]{reason(signal)}[/]")
        leaf.add(f"[dim]rests on: {evidence(signal)}[/]")
        leaf.add(f"[dim]ends with: {signal['clears']}[/]")


def _line(branch: Tree, line: Mapping[str, Any], zone: ZoneInfo, *, everything: bool) -> None:
    words = (line["kind"].replace("_", " "), line["entity"], line["day"], "(assumed)" if line["prior"] else "")
    text = f"{line['points']:8.4f}  {' '.join(str(word) for word in words if word)}"
    events = sorted(line["events"], key=_points)
    if len(events) == 1 and events[0]["points"] == line["points"]:
        branch.add(f"{text}  [dim]{_event(events[0], zone)}[/]")
        return
    leaf = branch.add(text)
    shown = len(events) if everything else EVENTS
    for event in events[:shown]:
        leaf.add(f"{event['points']:8.4f}  [dim]{_event(event, zone)}[/]")
    _more(leaf, events[shown:], "events")


def _event(event: Mapping[str, Any], zone: ZoneInfo) -> str:
    day = datetime.fromisoformat(event["occurred_at"]).astimezone(zone).date()
    return f"{event['type']} {event['event']} of {day}"


def _more(branch: Tree, rest: Sequence[Mapping[str, Any]], what: str) -> None:
    if rest:
        branch.add(f"{sum(each['points'] for each in rest):8.4f}  {len(rest)} more {what} (--all shows them)")


def _points(item: Mapping[str, Any]) -> float:
    return -abs(item["points"])
