"""`shapecalc show`: the text of an architecture file."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from shapecalc.cli.options.architecture import LimitOption, limits_of
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import ENDINGS, Format, OutputOption, Target, TextOrJsonOption, show, target_of

YAML = {".yaml": Format.TEXT, ".yml": Format.TEXT}
"""The endings of the text of an architecture, next to those of other formats."""

EXAMPLES = ("shapecalc show lenet5", "shapecalc show lenet5 --output mine.yaml")


def command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name that `shapecalc list` shows, or a file.")],
    format_: TextOrJsonOption = None,
    output: OutputOption = None,
    limit: LimitOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Print the YAML of an architecture."""
    from shapecalc.files.load import find_source

    target = target_of(format_, output, color, endings=YAML | ENDINGS)
    show_text(target, name, find_source(name, limits_of(limit)).text)


def show_text(target: Target, name: str, text: str) -> None:
    """Print the text of an architecture, or write it to the file of the target."""
    if target.format is Format.JSON:
        show(target, {Format.JSON: lambda: {"name": name, "text": text}})
    elif target.path is not None:
        from shapecalc.files.atomic import write_atomic

        write_atomic(target.path, text)
    elif sys.stdout.isatty():
        from shapecalc.render.terminal.escaping import terminal

        print("\n".join(map(terminal, text.split("\n"))), end="")
    else:
        # The file is written unchanged, in UTF-8 whatever the encoding of the locale.
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
