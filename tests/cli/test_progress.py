"""A progress bar leaves a terminal as it found it, whenever it is stopped."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from shapecalc.cli import progress

if TYPE_CHECKING:
    import pytest


class Interrupted(Progress):
    """A bar which a Ctrl-C keeps from beginning once it has hidden the cursor, and which rich cannot stop then."""

    def start(self) -> None:
        self.console.show_cursor(False)
        raise KeyboardInterrupt

    def stop(self) -> None:
        raise IndexError


def test_the_cursor_is_shown_again_where_ctrl_c_comes_while_the_bar_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = StringIO()
    drawn = Interrupted(console=Console(file=screen, force_terminal=True, legacy_windows=False))
    monkeypatch.setattr(progress, "PATIENCE", 0)
    monkeypatch.setattr(progress, "_bar", lambda: drawn)
    bar = progress.ProgressBar()
    try:
        bar("conv_0", 0, 9)
    except KeyboardInterrupt:
        bar.clear()
    assert screen.getvalue().endswith("\x1b[?25h")
