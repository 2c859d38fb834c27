"""Runs a load with its bars and prints its report."""

from collections.abc import Iterable
from typing import Any

from services.cli.actions import Stage
from services.cli.client import Api
from services.cli.loader import Loader
from services.cli.output import out, table
from services.cli.progress import Bars
from services.cli.report import Report, Tally

SHOWN = 10


async def load(api: Api, stages: Iterable[Stage], *, quiet: bool = False) -> Report:
    """Loads the stages; `quiet` draws no bars."""
    if quiet:
        return await Loader(api).load(stages)
    with Bars() as bars:
        return await Loader(api, bars.advance).load(stages)


def show(report: Report) -> None:
    """The table of what was read, accepted, replayed and rejected, and the first refusals with their lines."""
    total = Tally("total", seconds=report.seconds)
    for tally in report.stages:
        total.read += tally.read
        total.accepted += tally.accepted
        total.replayed += tally.replayed
        total.rejected += tally.rejected
    rows = [_row(tally) for tally in [*report.stages, total] if tally.read or tally is total]
    out.print(table("", ("", "read", "accepted", "replayed", "rejected", "seconds"), rows, right=(1, 2, 3, 4, 5)))
    for code, count in total.rejected.most_common():
        out.print(f"rejected {count:,} with {code}", style="red")
    for sample in report.samples[:SHOWN]:
        where = f"line {sample.line}: " if sample.line else ""
        out.print(f"  {sample.what}: {where}{sample.detail} ({sample.code})", markup=False, soft_wrap=True)


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    stages = [
        {
            "stage": tally.title,
            "read": tally.read,
            "accepted": tally.accepted,
            "replayed": tally.replayed,
            "rejected": dict(tally.rejected),
            "seconds": round(tally.seconds, 3),
        }
        for tally in report.stages
    ]
    return {
        "stages": stages,
        "samples": report.samples,
        "rejected": report.rejected,
        "seconds": round(report.seconds, 3),
    }


def _row(tally: Tally) -> tuple[str, ...]:
    counts = (tally.read, tally.accepted, tally.replayed, sum(tally.rejected.values()))
    return (tally.title, *(f"{count:,}" for count in counts), f"{tally.seconds:.1f}")
