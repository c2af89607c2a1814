"""`shapecalc list`: the architectures that are included."""

from __future__ import annotations

from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.terminal import stdout_manner

EXAMPLES = ("shapecalc list", "shapecalc list && shapecalc show lenet5")


def command(color: ColorOption = Color.AUTO) -> None:
    """List the included architectures with their figures.

    MACs are those of one sample.
    """
    from shapecalc.files import zoo
    from shapecalc.files.load import load
    from shapecalc.render.list import table
    from shapecalc.shape_inference.engine import inspect

    reports = [(name, inspect(load(name))) for name in zoo.names()]
    print(table(reports, **stdout_manner(color)))
