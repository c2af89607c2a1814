"""`shapecalc list`: the architectures that ship."""

from __future__ import annotations

from shapecalc.cli.color import Color, ColorOption
from shapecalc.cli.terminal import stdout_manner


def command(color: ColorOption = Color.AUTO) -> None:
    """List the architectures that ship, with their figures.

    MACs are those of one sample.
    """
    from shapecalc import zoo
    from shapecalc.engine import inspect
    from shapecalc.loading import load
    from shapecalc.render import zoo as rendered

    reports = [(name, inspect(load(name))) for name in zoo.names()]
    print(rendered.table(reports, **stdout_manner(color)))
