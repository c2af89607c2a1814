"""The memory of a run as text and JSON: a picture over the steps, a table, the peak and its live tensors."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from shapecalc.dims import Dim, Expr, as_json, evaluate, free_symbols, show
from shapecalc.render.inspect.columns import Line, layer_lines, layer_word
from shapecalc.render.terminal.grid import Cells, Grid, Heading, Page
from shapecalc.render.terminal.numbers import at_sizes, memory
from shapecalc.render.terminal.palette import BOLD, DIM, PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapecalc.costs.liveness import LiveMemory
    from shapecalc.costs.scheduling import Reordering

HEIGHT, WIDTH = 8, 72
"""The most lines and columns of the picture."""
EIGHTHS = " ▁▂▃▄▅▆▇█"
MOST_TURNS = 6
"""The most branches in another order that are listed one by one."""


def table(
    found: LiveMemory,
    order: Reordering | None,
    depth: int | None = None,
    *,
    width: int | None,
    color: bool,
    unicode: bool,
) -> str:
    """Return the picture, the steps, the peak with its live tensors, and a better order of branches."""
    report = found.report
    page = Page(width, color, unicode)
    shapes = ", ".join(show(entry.shape) for entry in report.inputs)
    lives = [evaluate(moment.live, report.costs_at) for moment in found.steps]
    blocks = [[page.line(f"{report.architecture.name}  {shapes}", BOLD)]]
    numbers = [live for live in lives if isinstance(live, int)]
    if found.peak is not None and len(numbers) == len(lives):
        blocks.append(picture(numbers, found.peak, width=width, unicode=unicode))
    # If the settings of layers do not fit, their types are shown; if these do not fit either, nothing.
    grids = (_steps(page, found, lives, depth, called) for called in (Line.layer, layer_word, None))
    blocks.append([page.draw(page.first_that_fits(grids))])
    blocks.append(_peak(page, found))
    blocks.append([page.line(line, DIM) for line in (*_better(order), *_notes(found))])
    return "\n\n".join("\n".join(block) for block in blocks)


def picture(lives: Sequence[int], peak: int, *, width: int | None, unicode: bool) -> list[str]:
    """Return the live bytes as columns over the run, from the first step to the last, the peak marked below.

    If there are more steps than columns, one column shows several steps, as high as the highest of them.

    >>> for line in picture([32, 64, 16], 1, width=12, unicode=True)[-5:]:
    ...     print(line)
          ████
          ████
          ██████
     0 B  ██████
            ▲▲
    """
    head = memory(max(lives))
    room = max(min(WIDTH, (width or WIDTH) - len(head) - 2), 1)
    columns = min(room, len(lives))
    # If steps are few, each has several columns.
    wide = max(min(room // columns, HEIGHT), 1)
    starts = [place * len(lives) // columns for place in range(columns + 1)]
    heights = [max(lives[first:last]) for first, last in pairwise(starts)]
    where = next(place for place in range(columns) if starts[place] <= peak < starts[place + 1])
    lines = []
    for line in reversed(range(HEIGHT)):
        label = head if line == HEIGHT - 1 else "0 B" if line == 0 else ""
        cells = "".join(_cell(height, max(lives), line, unicode=unicode) * wide for height in heights)
        lines.append(f"{label:>{len(head)}}  {cells}".rstrip())
    mark = ("▲" if unicode else "^") * wide
    return [*lines, f"{'':>{len(head)}}  {'':>{where * wide}}{mark}"]


def _cell(height: int, top: int, line: int, *, unicode: bool) -> str:
    """Return the sign of a column in one line, in eighths of it; anything above 0 shows in the lowest line."""
    eighths = -(-height * HEIGHT * 8 // max(top, 1)) - line * 8
    if unicode:
        return EIGHTHS[min(max(eighths, 0), 8)]
    return "#" if eighths > (0 if line == 0 else 3) else " "


def document(found: LiveMemory, order: Reordering | None) -> dict[str, Any]:
    """Return the JSON values of the memory of a run; an int if a figure is known, else the expression."""
    report = found.report
    rows = [{"path": step.row.path, "type": step.row.type, "live_bytes": as_json(step.live)} for step in found.steps]
    peak = None
    if found.peak is not None:
        moment = found.steps[found.peak]
        tensors = [
            {"slot": tensor.slot, "shape": [*map(as_json, tensor.shape)], "bytes": as_json(tensor.size)}
            for tensor in found.tensors
        ]
        at = as_json(evaluate(moment.live, report.costs_at))
        peak = {"path": moment.row.path, "bytes": as_json(moment.live), "bytes_at_costs_at": at, "tensors": tensors}
    return {
        "name": report.architecture.name,
        "bindings": dict(report.bindings),
        "costs_at": dict(report.costs_at),
        "weight_bytes": as_json(_weights(found)),
        "peak": peak,
        "layers": rows,
        "order": None if order is None else _order(order),
    }


def _order(order: Reordering) -> dict[str, Any]:
    turns = [{"step": turn.merge, "branches": list(turn.branches)} for turn in order.orders]
    return {"peak_bytes": order.before, "peak_bytes_reordered": order.after, "turns": turns}


def _steps(
    page: Page, found: LiveMemory, lives: Sequence[Dim], depth: int | None, called: Callable[[Line], str] | None
) -> Grid:
    headings = (
        Heading("path"),
        *(() if called is None else (Heading("layer", wraps=True),)),
        Heading("output", wraps=True),
        Heading("alive", right=True, wraps=any(isinstance(live, Expr) for live in lives)),
        Heading(""),
    )
    live_of = {moment.row.path: live for moment, live in zip(found.steps, lives, strict=True)}
    at_peak = "" if found.peak is None else found.steps[found.peak].row.path
    rows = []
    for line in layer_lines(found.report, depth):
        paths = [row.path for row in line.rows]
        known = [live for path in paths if isinstance(live := live_of[path], int)]
        alive = max(known) if len(known) == len(paths) else live_of[at_peak if at_peak in paths else paths[-1]]
        mark = "peak" if at_peak in paths else ""
        words = (line.path,) if called is None else (line.path, called(line))
        texts = (*words, show(line.rows[-1].output), memory(alive), mark)
        rows.append(Cells(texts, (BOLD if mark else PLAIN,) * len(texts)))
    return page.grid(headings, rows)


def _peak(page: Page, found: LiveMemory) -> list[str]:
    """Return the peak and its live tensors, the largest first."""
    if found.peak is None:
        names = sorted({name for moment in found.steps for name in free_symbols(moment.live)})
        open_ = [name for name in names if name not in found.report.costs_at]
        settings = " ".join(f"--set {name}=…" for name in open_)
        said = f"where the peak is depends on {' and '.join(open_)}: give a size, `{settings}`"
        return [page.line(said, BOLD)]
    moment, at = found.steps[found.peak], found.report.costs_at
    bound = evaluate(moment.live, at)
    closed = f" = {memory(moment.live)}" if isinstance(moment.live, Expr) and isinstance(bound, int) else ""
    line = f"peak {memory(bound)}{closed}, while {moment.row.path} works; alive then:"
    rows = [(tensor.slot, show(tensor.shape), memory(evaluate(tensor.size, at))) for tensor in found.tensors]
    headings = (Heading("tensor"), Heading("shape", wraps=True), Heading("bytes", right=True, wraps=True))
    return [page.line(line, BOLD), page.draw(page.grid(headings, rows))]


def _better(order: Reordering | None) -> list[str]:
    """Return lines that say which branches to run first."""
    if order is None:
        return []
    lines = [f"another order of branches has a peak of {memory(order.after)} in place of {memory(order.before)}:"]
    lines += [f"  {turn.merge}: {', then '.join(turn.branches)}" for turn in order.orders[:MOST_TURNS]]
    more = len(order.orders) - MOST_TURNS
    return [*lines, f"  and {more} more"] if more > 0 else lines


def _notes(found: LiveMemory) -> list[str]:
    at = at_sizes(found.report.costs_at)
    sizes = f"at {at}, " if at else ""
    return [
        f"weights take {memory(_weights(found))} besides",
        f"({sizes}float32; a view takes no memory; what kernels take while they work is left out)",
    ]


def _weights(found: LiveMemory) -> Dim:
    totals = found.report.totals
    assert totals.parameter_bytes is not None  # shapes of parameters are known if outputs are
    assert totals.buffers is not None
    return totals.parameter_bytes + 4 * totals.buffers
