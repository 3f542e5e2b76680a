"""Live progress: bars on a terminal, single lines elsewhere, nothing beside JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from aniworld.cli.output import say, shown, size_text
from aniworld.core.callbacks import CompletionContext, ErrorContext, ProgressContext

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class _Bars:
    """A block in which bars may be shown. ``quiet``: nothing is shown at all."""

    columns = "download"

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bars: Progress | None = _make(self.columns) if sys.stdout.isatty() and not quiet else None

    def __enter__(self) -> Any:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def _say(self, text: str) -> None:
        if self._bars is not None:
            self._bars.console.print(shown(text), markup=False, highlight=False)
        elif not self._quiet:
            say(text)


class DownloadBars(_Bars):
    """Listens to a download: one bar for each running episode, one line for each that ended or stumbled."""

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        self._tasks: dict[str, TaskID] = {}

    def on_progress(self, context: ProgressContext) -> None:
        if self._bars is None or context.phase == "waiting":
            self._drop(context.operation_id)
            return
        hoster = f" {context.details['hoster']}" if context.details.get("hoster") else ""
        label = shown(f"{context.message} {context.phase}{hoster}")
        task = self._tasks.get(context.operation_id)
        if task is None:
            task = self._tasks[context.operation_id] = self._bars.add_task("", total=None)
        self._bars.update(task, description=label, completed=context.current, total=context.total or None)

    def on_error(self, context: ErrorContext) -> None:
        code = f"S{context.details['season']:02d}E{context.details['episode']:02d}"
        self._say(f"{code} {'is tried again' if context.recoverable else 'failed'}: {context.message}")

    def on_completion(self, context: CompletionContext) -> None:
        self._drop(context.operation_id)
        if context.success:
            facts = context.result
            self._say(
                f"{context.message} done: {facts['file']} ({size_text(facts['total_bytes'])}, {facts['language']})"
            )

    def _drop(self, operation_id: str) -> None:
        task = self._tasks.pop(operation_id, None)
        if task is not None and self._bars is not None:
            self._bars.remove_task(task)


class ScanLine(_Bars):
    """Listens to a scan: one bar that says the phase and the folder."""

    columns = "scan"

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        self._task = self._bars.add_task("scan", total=None) if self._bars is not None else None

    def on_progress(self, context: ProgressContext) -> None:
        if self._bars is not None and self._task is not None:
            label = shown(f"{context.phase} {context.folder or context.message or ''}"[:60])
            self._bars.update(self._task, description=label, completed=context.current, total=context.total or None)


def _make(columns: str) -> Progress:
    from rich import progress as rich  # only for a person at a terminal

    text = rich.TextColumn("{task.description}", markup=False)
    if columns == "scan":
        return rich.Progress(text, rich.BarColumn(), rich.MofNCompleteColumn(), transient=True)
    return rich.Progress(
        text,
        rich.BarColumn(),
        rich.DownloadColumn(),
        rich.TransferSpeedColumn(),
        rich.TimeRemainingColumn(),
        transient=True,
    )
