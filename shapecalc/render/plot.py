"""A sweep as a plot: a cost over a swept size or parameter, or the Pareto front of two columns."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import misuse
from shapecalc.files.atomic import write_atomic
from shapecalc.render.terminal.escaping import terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from shapecalc.solving.sweep.compiled import Array

MOST_LINES = 12
"""The most lines of a plot: more cannot be distinguished."""

TITLES = {"macs": "MACs", "flops": "FLOPs", "memory": "memory in bytes", "activations": "activations in bytes"}


def draw(
    columns: Mapping[str, Array], axes: Sequence[str], path: Path, *, by: str | None = None, pareto: Sequence[str] = ()
) -> None:
    """Draw a sweep into a file, whose extension is the format (svg, pdf, png).

    With two columns or more in `pareto`, the first two are drawn against each other; else the column `by`, or the MACs,
    over the one of `axes` with the most numbers, a line for each combination of the others.
    The file is written completely or not at all.
    Raises `ShapecalcError` SC803 if there is nothing to draw, SC804 if the extra is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError:
        raise misuse("SC804", "`--plot` needs matplotlib", "pip install 'nn-shapecalc[plot]'") from None
    ending = path.suffix.lower().removeprefix(".")
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    if ending not in figure.canvas.get_supported_filetypes():
        raise misuse("SC803", f"`--plot` expects a file such as out.svg, receives `{path.name}`")
    plane: Any = figure.subplots()
    if len(pareto) > 1:
        _front(plane, columns, pareto[0].lstrip("-"), pareto[1].lstrip("-"))
    else:
        _lines(plane, columns, axes, (by or "macs").lstrip("-"))
    plane.grid(visible=True, alpha=0.3)
    # The same sweep gives the same bytes: no date, no random names.
    picture = BytesIO()
    with mpl.rc_context({"svg.hashsalt": "shapecalc"}):
        figure.savefig(picture, format=ending, metadata={"Date": None} if ending == "svg" else None)
    write_atomic(path, picture.getvalue())


def _front(plane: Any, columns: Mapping[str, Array], across: str, up: str) -> None:
    points = sorted(zip(columns[across].tolist(), columns[up].tolist(), strict=True))
    plane.plot([first for first, _ in points], [second for _, second in points], marker="o")
    plane.set(xlabel=TITLES.get(across, across), ylabel=TITLES.get(up, up), title="Pareto front")


def _lines(plane: Any, columns: Mapping[str, Array], axes: Sequence[str], up: str) -> None:
    several = [name for name in axes if len(set(columns[name].tolist())) > 1]
    numbers = [name for name in several if all(type(value) is int for value in columns[name].tolist())]
    if not numbers:
        raise misuse("SC803", "`--plot` expects an axis with several numbers", "write `--set H=64:512:32`")
    across = max(reversed(numbers), key=lambda name: len(set(columns[name].tolist())))
    others = [name for name in several if name != across]
    rest = list(zip(*(columns[name].tolist() for name in others), strict=True)) or [()] * len(columns[across])
    lines: dict[tuple[Any, ...], list[tuple[int, int]]] = {}
    for key, *point in zip(rest, columns[across].tolist(), columns[up].tolist(), strict=True):
        lines.setdefault(key, []).append((point[0], point[1]))
    if len(lines) > MOST_LINES:
        message = f"`--plot` would draw {len(lines)} lines, more than {MOST_LINES}: one for each {', '.join(others)}"
        raise misuse("SC803", message, "give the others fewer values, or write `--pareto params,macs`")
    for number, points in enumerate(lines.values()):
        plane.plot(*zip(*sorted(points), strict=True), marker=".", label=f"{number}")
    plane.set(xlabel=across, ylabel=TITLES.get(up, up))
    if others:
        # matplotlib omits a label that begins with `_`, and `$` begins a formula.
        for shown, key in zip(plane.legend().get_texts(), lines, strict=True):
            label = ", ".join(f"{name} = {value}" for name, value in zip(others, key, strict=True))
            shown.set(text=terminal(label), parse_math=False)
