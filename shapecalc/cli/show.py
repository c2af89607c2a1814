"""`shapecalc show`: the text of an architecture file."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from shapecalc.cli.options.architecture import LimitOption, limits_of

EXAMPLES = ("shapecalc show lenet5", "shapecalc show lenet5 > mine.yaml")


def command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name that `shapecalc list` shows, or a file.")],
    limit: LimitOption = None,
) -> None:
    """Print the YAML of an architecture."""
    from shapecalc.files.load import find_source

    text = find_source(name, limits_of(limit)).text
    if sys.stdout.isatty():
        from shapecalc.render.terminal.escaping import terminal

        print("\n".join(map(terminal, text.split("\n"))), end="")
        return
    # The file is written unchanged, in UTF-8 whatever the encoding of the locale.
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
