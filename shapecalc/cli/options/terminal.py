"""The width of standard output, and whether it takes colour and more than ASCII."""

from __future__ import annotations

import os
import shutil
import sys
from typing import IO, Any, TypedDict

from shapecalc.cli.options.color import Color, wants_color


class Manner(TypedDict):
    """The settings of a renderer; with a `width` of None nothing is wrapped."""

    width: int | None
    color: bool
    unicode: bool


def width_of(stream: IO[Any]) -> int | None:
    """Return the columns of a stream if it is a terminal."""
    if not stream.isatty():
        return None
    try:
        size = os.get_terminal_size(stream.fileno())
    except OSError:
        size = os.terminal_size((80, 24))
    # The variable COLUMNS comes first, then the size of standard output if that is a terminal.
    return shutil.get_terminal_size(size).columns


def stdout_manner(color: Color) -> Manner:
    """Return the settings for standard output: those of a terminal, or for a pipe plain lines without wrapping."""
    return Manner(
        width=width_of(sys.stdout),
        color=wants_color(sys.stdout, color),
        unicode=(sys.stdout.encoding or "ascii").lower().startswith("utf"),
    )
