"""What a benchmark says: one claim as a ratio, the table of all of them, and the machine that they were measured on."""

import os
import platform
import re
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import msgspec
from rich.console import Console
from rich.table import Table

PACKAGES = ("fastapi", "uvicorn", "uvloop", "pydantic", "sqlalchemy", "asyncpg", "aiokafka", "msgspec")
Better = Literal["more", "less"]


class Claim(msgspec.Struct, kw_only=True):
    """One line of the table: what we did against what was possible in the same run.

    `floor` and `aim` are about the ratio; where there is no limit to compare with, about `ours` itself. `better` says
    on which side of them it should be.
    """

    path: str
    what: str
    ours: float
    unit: str
    limit: float | None = None
    against: str = ""
    better: Better = "more"
    floor: float | None = None
    aim: float | None = None
    size: str = ""
    notes: dict[str, Any] = {}

    @property
    def measured(self) -> float:
        """What floor and aim are about."""
        return self.ours / self.limit if self.limit else self.ours

    @property
    def met(self) -> bool | None:
        """Whether it is on the right side of the floor; None without one."""
        if self.floor is None:
            return None
        return self.measured >= self.floor if self.better == "more" else self.measured <= self.floor


def machine() -> dict[str, Any]:
    """The hardware and the versions of what ran on it."""
    information = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*:\s*(.+)", information.read_text()) if information.exists() else None
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": model[1] if model else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def commit() -> str:
    """The code's revision, with a plus where files differ from it; empty outside a repository."""
    command = ["git", "describe", "--always", "--dirty=+", "--abbrev=12"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=Path(__file__).parent)
    return done.stdout.strip()


def document(claims: Iterable[Claim], around: dict[str, Any]) -> bytes:
    """Everything as JSON; `around` is what else belongs to the run."""
    lines = [
        msgspec.structs.asdict(claim) | {"ratio": claim.measured if claim.limit else None, "met": claim.met}
        for claim in claims
    ]
    whole = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "commit": commit(), **around, "claims": lines}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2)


def show(claims: Iterable[Claim]) -> None:
    """The table, on standard output."""
    table = Table(title="Guanxi against what this machine can do", show_lines=False)
    for name in ("path", "what", "ours", "limit", "ratio", "floor", "aim", "size"):
        table.add_column(name, justify="right" if name in {"ours", "limit", "ratio", "floor", "aim"} else "left")
    for claim in claims:
        sign = "≥" if claim.better == "more" else "≤"
        style = {True: "green", False: "red", None: ""}[claim.met]
        limit = f"{_number(claim.limit)} {claim.against}" if claim.limit else "—"
        ratio = _share(claim.measured, claim) if claim.limit else "—"
        table.add_row(
            claim.path,
            claim.what,
            f"{_number(claim.ours)} {claim.unit}",
            limit,
            f"[{style}]{ratio}[/]" if style else ratio,
            f"{sign} {_bound(claim.floor, claim)}" if claim.floor is not None else "",
            f"{sign} {_bound(claim.aim, claim)}" if claim.aim is not None else "",
            claim.size,
        )
    Console(width=None if os.isatty(1) else 200).print(table)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"


def _share(value: float, claim: Claim) -> str:
    return f"{value:.0%}" if claim.better == "more" else f"{value:.1f} ×"


def _bound(value: float, claim: Claim) -> str:
    return _share(value, claim) if claim.limit else f"{_number(value)} {claim.unit}"
