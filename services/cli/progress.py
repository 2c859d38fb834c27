"""A progress bar per stage of a load."""

from types import TracebackType

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from services.cli.actions import BulkStage, Stage
from services.cli.output import err


class Bars:
    """Shows stages as they begin; call `advance` with what is settled. Draws on the error stream."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=err,
        )
        self._tasks: dict[int, TaskID] = {}

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def advance(self, stage: Stage, done: int) -> None:
        """Moves the stage's bar; a stage that is new gets its own."""
        task = self._tasks.get(id(stage))
        if task is None:
            task = self._tasks[id(stage)] = self._progress.add_task(stage.title, total=_total(stage))
        self._progress.advance(task, done)


def _total(stage: Stage) -> int | None:
    if isinstance(stage, BulkStage):
        return stage.total
    return sum(len(chain) for chain in stage.chains)
