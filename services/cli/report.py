"""What a load did, counted."""

from collections import Counter

import msgspec

SAMPLES = 20


class Rejection(msgspec.Struct, frozen=True):
    """One refused action, for the report: never the value that was refused."""

    what: str
    line: int
    code: str
    detail: str


class Tally(msgspec.Struct):
    """One stage's counts. `read` = accepted + replayed + all of rejected."""

    title: str
    read: int = 0
    accepted: int = 0
    replayed: int = 0
    rejected: Counter[str] = msgspec.field(default_factory=Counter)
    seconds: float = 0.0


class Report(msgspec.Struct):
    """All stages, the first refused actions of each code, and the time it took."""

    stages: list[Tally] = []
    samples: list[Rejection] = []
    seconds: float = 0.0
    _by_code: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def rejected(self) -> int:
        """How many actions were refused in all."""
        return sum(sum(tally.rejected.values()) for tally in self.stages)

    @property
    def sent(self) -> int:
        """How many actions were read in all."""
        return sum(tally.read for tally in self.stages)

    def refuse(self, tally: Tally, line: int, code: str, detail: str) -> None:
        """Counts a refusal and keeps the first few of each code as samples."""
        tally.read += 1
        tally.rejected[code] += 1
        self._by_code[code] += 1
        if self._by_code[code] <= SAMPLES:
            self.samples.append(Rejection(tally.title, line, code, detail))
