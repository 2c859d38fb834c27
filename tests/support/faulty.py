"""A log whose network fails on demand: before the append reaches it, or after it was recorded."""

import asyncio
from collections.abc import Sequence
from typing import Literal

from shared.log import Append, LogUnavailable, Unrecordable, Verdict
from shared.log_memory import MemoryEventLog

Fault = Literal["lost before", "lost after", "defect"]


UNSTORABLE = "unstorable"


class FaultyLog(MemoryEventLog):
    """A memory log with a queue of faults, one for each append; `held` appends wait until it is set.

    It refuses whole batches that hold a command with `UNSTORABLE` in its meta, as a database refuses bad data.
    """

    def __init__(self) -> None:
        super().__init__("customer")
        self.faults: list[Fault] = []
        self.batches: list[int] = []
        self.open = asyncio.Event()
        self.open.set()

    async def append(self, batch: Sequence[Append]) -> list[Verdict]:
        self.batches.append(len(batch))
        await self.open.wait()
        fault = self.faults.pop(0) if self.faults else None
        if fault == "defect":
            raise RuntimeError("a defect of the adapter")
        if fault == "lost before":
            raise LogUnavailable("lost before the append")
        if any(UNSTORABLE.encode() in command.meta for command in batch):
            raise Unrecordable("bad data")
        verdicts = await super().append(batch)
        if fault == "lost after":
            raise LogUnavailable("lost after the append")
        return verdicts
