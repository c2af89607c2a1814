"""What standard output can show: its width, whether it takes colour, whether it takes more than ASCII."""

from __future__ import annotations

import shutil
import sys
from typing import TypedDict

from shapecalc.cli.options.color import Color, wants_color


class Manner(TypedDict):
    """How a renderer is to write; a `width` of None wraps nothing."""

    width: int | None
    color: bool
    unicode: bool


def stdout_manner(color: Color) -> Manner:
    """Return how to write to standard output: a terminal's width and colours, a pipe's endless plain lines."""
    return Manner(
        width=shutil.get_terminal_size().columns if sys.stdout.isatty() else None,
        color=wants_color(sys.stdout, color),
        unicode=(sys.stdout.encoding or "ascii").lower().startswith("utf"),
    )
