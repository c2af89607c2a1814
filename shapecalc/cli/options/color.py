"""Whether output is coloured: by the option, NO_COLOR, FORCE_COLOR, TERM=dumb, or whether it goes to a terminal."""

from __future__ import annotations

import os
from enum import Enum
from typing import IO, Annotated, assert_never

import typer


class Color(Enum):
    """The values of `--color`."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


ColorOption = Annotated[Color, typer.Option("--color", help="Colour the output; auto colours a terminal.")]


def wants_color(stream: IO[str], choice: Color = Color.AUTO) -> bool:
    """Return whether output to `stream` is coloured."""
    match choice:
        case Color.ALWAYS:
            return True
        case Color.NEVER:
            return False
        case Color.AUTO:
            if os.environ.get("NO_COLOR"):
                return False
            if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
                return True
            return os.environ.get("TERM") != "dumb" and stream.isatty()
        case _:
            assert_never(choice)
