"""`shapecalc list`: the architectures that are included."""

from __future__ import annotations

from functools import partial

from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import Format, OutputOption, TextOrJsonOption, show, target_of

EXAMPLES = ("shapecalc list", "shapecalc list && shapecalc show lenet5")


def command(format_: TextOrJsonOption = None, output: OutputOption = None, color: ColorOption = Color.AUTO) -> None:
    """List the included architectures with their figures.

    MACs are those of one sample.
    """
    target = target_of(format_, output, color)
    from shapecalc.files import zoo
    from shapecalc.files.load import load
    from shapecalc.render.list import document, table
    from shapecalc.shape_inference.engine import inspect

    reports = [(name, inspect(load(name))) for name in zoo.names()]
    show(target, {Format.TEXT: partial(table, reports), Format.JSON: partial(document, reports)})
