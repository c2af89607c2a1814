"""`shapecalc list`: the architectures that are included."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import TABULAR, Format, OutputOption, format_option, show, target_of, writers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = ("shapecalc list", "shapecalc list resnet vgg")


def command(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD...]", help="List only names with one of these words.")
    ] = None,
    format_: Annotated[Format | None, format_option(*TABULAR)] = None,
    output: OutputOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """List the included architectures with their figures.

    MACs are those of one sample.
    """
    target = target_of(format_, output, color, TABULAR)
    from shapecalc.files.load import load
    from shapecalc.render.list import architectures, document
    from shapecalc.shape_inference.engine import inspect

    reports = [(name, inspect(load(name))) for name in _names(words or ())]
    show(target, writers_of(partial(architectures, reports), partial(document, reports)))


def _names(words: Sequence[str]) -> list[str]:
    """Return the names that contain one of the words, all if there are none; raise a usage error for a word in none."""
    from shapecalc.diagnostics.suggestions import closest
    from shapecalc.files import zoo

    names = zoo.names()
    for word in words:
        if not any(word.lower() in name for name in names):
            near = closest(word, names)
            hint = f"did you mean `{near}`?" if near else "`shapecalc list` lists all"
            raise Misuse(f"no architecture has `{word}` in its name; {hint}")
    return [name for name in names if not words or any(word.lower() in name for word in words)]
