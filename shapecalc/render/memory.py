"""The memory of a run as text and JSON: a picture over the steps, a table, the peak and its live tensors."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from shapecalc.dims import Dim, Expr, as_json, evaluate, free_symbols, show
from shapecalc.render.inspect.lines import Line, layer_lines, layer_type_of
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
    run: LiveMemory,
    order: Reordering | None,
    depth: int | None = None,
    *,
    width: int | None,
    color: bool,
    unicode: bool,
) -> str:
    """Return the picture, the steps, the peak with its live tensors, and a better order of branches."""
    report = run.report
    page = Page(width, color, unicode)
    shapes = ", ".join(show(entry.shape) for entry in report.inputs)
    lives = [evaluate(step.live, report.costs_at) for step in run.steps]
    blocks = [[page.line(f"{report.architecture.name}  {shapes}", BOLD)]]
    numbers = [live for live in lives if isinstance(live, int)]
    if run.peak is not None and len(numbers) == len(lives):
        blocks.append(picture(*_folded(run, numbers, run.peak, depth), width=width, unicode=unicode))
    # If the settings of layers do not fit, their types are shown; if these do not fit either, nothing.
    grids = (_steps(page, run, lives, depth, called) for called in (Line.layer, layer_type_of, None))
    blocks.append([page.draw(page.first_that_fits(grids))])
    blocks.append(_peak(page, run))
    blocks.append([page.line(line, DIM) for line in (*_better(order), *_notes(run))])
    return "\n\n".join("\n".join(block) for block in blocks)


def _folded(run: LiveMemory, lives: Sequence[int], peak: int, depth: int | None) -> tuple[list[int], int]:
    """Return the highest live bytes of each row of the table, and the row of the peak."""
    live_of = {step.row.path: live for step, live in zip(run.steps, lives, strict=True)}
    rows = [[row.path for row in line.rows] for line in layer_lines(run.report, depth)]
    at_peak = run.steps[peak].row.path
    where = next(place for place, paths in enumerate(rows) if at_peak in paths)
    return [max(live_of[path] for path in paths) for paths in rows], where


def picture(lives: Sequence[int], peak: int, *, width: int | None, unicode: bool) -> list[str]:
    """Return the live bytes as columns over the run, from the first step to the last, the peak marked below.

    A step is a row of the table. If there are more steps than columns, one column shows several steps, as high as the
    highest of them.

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


def document(run: LiveMemory, order: Reordering | None) -> dict[str, Any]:
    """Return the JSON values of the memory of a run; an int if a figure is known, else the expression."""
    report = run.report
    rows = [{"path": step.row.path, "type": step.row.type, "live_bytes": as_json(step.live)} for step in run.steps]
    peak = None
    if run.peak is not None:
        step = run.steps[run.peak]
        tensors = [
            {"slot": tensor.slot, "shape": [*map(as_json, tensor.shape)], "bytes": as_json(tensor.size)}
            for tensor in run.tensors
        ]
        at = as_json(evaluate(step.live, report.costs_at))
        peak = {"path": step.row.path, "bytes": as_json(step.live), "bytes_at_costs_at": at, "tensors": tensors}
    parameters, buffers = _parameters_and_buffers(run)
    return {
        "name": report.architecture.name,
        "bindings": dict(report.bindings),
        "costs_at": dict(report.costs_at),
        "weight_bytes": as_json(parameters + buffers),
        "parameter_bytes": as_json(parameters),
        "buffer_bytes": as_json(buffers),
        "peak": peak,
        "layers": rows,
        "order": None if order is None else _order(order),
    }


def _order(order: Reordering) -> dict[str, Any]:
    turns = [{"step": turn.merge, "branches": list(turn.branches)} for turn in order.orders]
    return {"peak_bytes": order.before, "peak_bytes_reordered": order.after, "turns": turns}


def _steps(
    page: Page, run: LiveMemory, lives: Sequence[Dim], depth: int | None, called: Callable[[Line], str] | None
) -> Grid:
    headings = (
        Heading("path"),
        *(() if called is None else (Heading("layer", wraps=True),)),
        Heading("output", wraps=True),
        Heading("alive", right=True, wraps=any(isinstance(live, Expr) for live in lives)),
        Heading(""),
    )
    live_of = {step.row.path: live for step, live in zip(run.steps, lives, strict=True)}
    at_peak = "" if run.peak is None else run.steps[run.peak].row.path
    rows = []
    for line in layer_lines(run.report, depth):
        paths = [row.path for row in line.rows]
        known = [live for path in paths if isinstance(live := live_of[path], int)]
        live = max(known) if len(known) == len(paths) else live_of[at_peak if at_peak in paths else paths[-1]]
        mark = "peak" if at_peak in paths else ""
        words = (line.path,) if called is None else (line.path, called(line))
        texts = (*words, show(line.rows[-1].output), memory(live), mark)
        rows.append(Cells(texts, (BOLD if mark else PLAIN,) * len(texts)))
    return page.grid(headings, rows)


def _peak(page: Page, run: LiveMemory) -> list[str]:
    """Return the peak and its live tensors, the largest first."""
    if run.peak is None:
        names = sorted({name for step in run.steps for name in free_symbols(step.live)})
        open_ = [name for name in names if name not in run.report.costs_at]
        settings = " ".join(f"--set {name}=…" for name in open_)
        said = f"where the peak is depends on {' and '.join(open_)}: give a size, `{settings}`"
        return [page.line(said, BOLD)]
    step, at = run.steps[run.peak], run.report.costs_at
    bound = evaluate(step.live, at)
    closed = f" = {memory(step.live)}" if isinstance(step.live, Expr) and isinstance(bound, int) else ""
    line = f"peak {memory(bound)}{closed}, while {step.row.path} works; alive then:"
    rows = [(tensor.slot, show(tensor.shape), memory(evaluate(tensor.size, at))) for tensor in run.tensors]
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


def _notes(run: LiveMemory) -> list[str]:
    at = at_sizes(run.report.costs_at)
    sizes = f"at {at}, " if at else ""
    parameters, buffers = _parameters_and_buffers(run)
    return [
        f"weights take {memory(parameters)} besides{f', buffers {memory(buffers)}' if buffers != 0 else ''}",
        f"({sizes}float32; a view takes no memory; what kernels take while they work is left out)",
    ]


def _parameters_and_buffers(run: LiveMemory) -> tuple[Dim, Dim]:
    """Return the bytes of each."""
    totals = run.report.totals
    assert totals.parameter_bytes is not None  # shapes of parameters are known if outputs are
    assert totals.buffers is not None
    return totals.parameter_bytes, 4 * totals.buffers
