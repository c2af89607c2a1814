"""An activation function as text: its derivative, its range, where it saturates, and both curves."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from shapecalc.render.terminal.chart import curve_chart
from shapecalc.render.terminal.grid import Page
from shapecalc.render.terminal.palette import BOLD, painted
from shapecalc.render.values.layout import GAP, beside

if TYPE_CHECKING:
    from shapecalc.execution.activation_curve import Curve
    from shapecalc.layers.intervals import RealInterval

WIDEST = 80
LEAST = 34
"""Columns of a chart that is next to another one; below it they are one above the other."""
ROWS, ROWS_ABOVE = 11, 6
"""Rows of charts side by side, and of charts one above the other."""


def lines(curve: Curve, page: Page) -> list[str]:
    """Return the facts about the function, then its curve and that of its derivative, side by side if there is room."""
    facts = {
        curve.layer.type: curve.formula,
        "derivative": curve.derivative,
        "range": str(curve.value_range),
        "saturates": _saturation(curve),
    }
    room = max(map(len, facts)) + 2
    texts = [page.line(text, lead=f"{name:<{room}}") for name, text in facts.items()]
    return [*"\n".join(texts).splitlines(), "", *charts(curve, page)]


def text(curve: Curve, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return the same lines as one text."""
    return "\n".join(lines(curve, Page(width, color, unicode)))


def charts(curve: Curve, page: Page) -> list[str]:
    """Return the curves of the function and of its derivative, with the marked points."""
    width = min(page.width or WIDEST, WIDEST)
    room = (width - len(GAP)) // 2
    columns, rows = (room, ROWS) if room >= LEAST else (width, ROWS_ABOVE)
    function = curve.layer.type
    titles = (f"{function}(x)", f"{function}′(x)")
    if curve.others:
        scores = ", ".join(["x", *(f"{score:.6g}".replace("-", "−") for score in curve.others)])
        titles = (f"{function}({scores})[0]", "its derivative with respect to x")
    blocks = []
    for title, of in zip(titles, ("value", "derivative"), strict=True):
        drawn = curve_chart(
            [(point.x, getattr(point, of)) for point in curve.points],
            columns=columns,
            rows=rows,
            unicode=page.unicode,
            marks=[(point.x, getattr(point, of)) for point in curve.marked],
        )
        (heading,) = page.escaped([title[:columns]])
        if drawn:
            blocks.append([painted(heading, BOLD, color=page.color), *drawn])
    return beside(blocks, page._replace(width=width))


def _saturation(curve: Curve) -> str:
    if not curve.saturated:
        return f"nowhere: |derivative| stays at {curve.flat:g} or above"
    sides = " and ".join(map(_half_line, curve.saturated))
    return f"for {sides}: there |derivative| < {curve.flat:g}"


def _half_line(interval: RealInterval) -> str:
    """Return an interval with one end as an inequality."""
    if interval.low == -inf:
        sign, end = "≤" if interval.includes_high else "<", interval.high
    else:
        sign, end = "≥" if interval.includes_low else ">", interval.low
    return f"x {sign} {end:.6g}".replace("-", "−")
