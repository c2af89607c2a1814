"""The width of standard output, and whether it takes colour and more than ASCII."""

from __future__ import annotations

import shutil
import sys
from typing import TypedDict

from shapecalc.cli.options.color import Color, wants_color


class Manner(TypedDict):
    """The settings of a renderer; with a `width` of None nothing is wrapped."""

    width: int | None
    color: bool
    unicode: bool


def stdout_manner(color: Color) -> Manner:
    """Return the settings for standard output: those of a terminal, or for a pipe plain lines without wrapping."""
    return Manner(
        width=shutil.get_terminal_size().columns if sys.stdout.isatty() else None,
        color=wants_color(sys.stdout, color),
        unicode=(sys.stdout.encoding or "ascii").lower().startswith("utf"),
    )
