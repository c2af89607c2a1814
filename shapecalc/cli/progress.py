"""A progress bar on stderr for long computations."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from shapecalc.cli.options.color import wants_color
from shapecalc.render.terminal.escaping import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress, TaskID

PATIENCE = 1.0
"""Seconds before a progress bar appears."""


class ProgressBar:
    """A bar on stderr that appears after `PATIENCE` seconds and is cleared at the end."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, path: str, done: int, total: int) -> None:
        """Show how much is done and which layer is next."""
        if self._bar is None:
            if time.monotonic() - self._began < PATIENCE:
                return
            self._bar = _bar()
            self._task = self._bar.add_task("", total=total)
            self._bar.start()  # last: `clear` knows the bar that hides the cursor, whenever a Ctrl-C comes
        assert self._task is not None  # comes with the bar
        self._bar.update(self._task, completed=done, total=total, description=terminal(path)[:30])

    def clear(self) -> None:
        """Remove the bar."""
        bar, self._bar = self._bar, None
        if bar is not None:
            with suppress(IndexError):  # rich cannot stop a bar that a Ctrl-C interrupted while it started
                bar.stop()
            bar.console.show_cursor()
            self._began = float("inf")


@contextmanager
def working() -> Iterator[None]:
    """Show the progress of reading, inference and drawing of a large file if stderr is a terminal."""
    from shapecalc.diagnostics.progress import watched_by

    with progress_bar() as bar, watched_by(bar) if bar else nullcontext():
        yield


@contextmanager
def progress_bar(*, wanted: bool = True) -> Iterator[ProgressBar | None]:
    """Yield a bar, which is cleared at the end, if stderr is a terminal; else None."""
    bar = ProgressBar() if wanted and sys.stderr.isatty() else None
    try:
        yield bar
    finally:
        if bar is not None:
            bar.clear()


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    color = wants_color(sys.stderr)
    console = Console(stderr=True, no_color=not color)
    # Printed results go to stdout: rich would draw them above the bar.
    return Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
