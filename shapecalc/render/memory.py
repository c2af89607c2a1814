"""The memory of a run as a document and JSON: a picture over the steps, a table, the peak and its live tensors."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from shapecalc.dims import Dim, Expr, as_json, evaluate, free_symbols, show
from shapecalc.render.inspect.lines import covered, lines_of
from shapecalc.render.tables.model import (
    Bytes,
    Document,
    Drawing,
    Fixed,
    Lines,
    Path,
    Shapes,
    Table,
    TableColumn,
    TableRow,
)
from shapecalc.render.terminal.numbers import at_sizes, memory
from shapecalc.render.terminal.palette import BOLD, DIM, PLAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.costs.liveness import LiveMemory
    from shapecalc.costs.scheduling import Reordering
    from shapecalc.render.tables.model import Part

HEIGHT, WIDTH = 8, 72
"""The most lines and columns of the picture."""
EIGHTHS = " ▁▂▃▄▅▆▇█"
MOST_TURNS = 6
"""The most branches in another order that are listed one by one."""


def live_tensors(run: LiveMemory, order: Reordering | None, depth: int | None = None) -> Document:
    """Return the picture, the steps, the peak with its live tensors, and a better order of branches."""
    report = run.report
    shapes = ", ".join(show(entry.shape) for entry in report.inputs)
    lives = [evaluate(step.live, report.costs_at) for step in run.steps]
    blocks: list[list[Part]] = [[Lines([f"{report.architecture.name}  {shapes}"], BOLD)]]
    numbers = [live for live in lives if isinstance(live, int)]
    if run.peak is not None and len(numbers) == len(lives):
        columns = _folded(run, numbers, run.peak, depth)
        blocks.append([Drawing(lambda page: picture(*columns, width=page.width, unicode=page.unicode))])
    content = _steps(run, lives, depth)
    blocks += [[content], _peak(run), [Lines([*_better(order), *_notes(run)], DIM)]]
    return Document("", blocks, content)


def _folded(run: LiveMemory, lives: Sequence[int], peak: int, depth: int | None) -> tuple[list[int], int]:
    """Return the highest live bytes of each row of the table, and the row of the peak."""
    lines = lines_of(run.report, depth, expand=True)
    layers = zip(lines, covered(lines), strict=True)
    rows = [places for line, places in layers if line.heading is None]
    where = next(place for place, places in enumerate(rows) if peak in places)
    return [max(lives[place] for place in places) for places in rows], where


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
    parameters, buffers = run.parameter_bytes, run.buffer_bytes
    return {
        "name": report.architecture.name,
        "bindings": dict(report.bindings),
        "costs_at": dict(report.costs_at),
        "dtype": run.dtype,
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


def _steps(run: LiveMemory, lives: Sequence[Dim], depth: int | None) -> Table:
    lines = lines_of(run.report, depth, expand=True)
    rows = []
    for line, places in zip(lines, covered(lines), strict=True):
        known = [live for place in places if isinstance(live := lives[place], int)]
        peak = run.peak if run.peak in places else None
        live = max(known) if len(known) == len(places) else lives[places[-1] if peak is None else peak]
        mark = "peak" if peak is not None and line.heading is None else ""
        values = (
            Path(line.path, line.shown, line.level),
            line.words,
            Shapes([line.output]),
            Bytes(live),
            Fixed(mark),
        )
        rows.append(TableRow(values, BOLD if mark else PLAIN, summary=line.heading is not None))
    heads = (
        TableColumn("path"),
        TableColumn("layer", drops=2),
        TableColumn("output"),
        TableColumn("live", right=True),
        TableColumn("peak", ""),
    )
    return Table(heads, rows, legend=True)


def _peak(run: LiveMemory) -> list[Part]:
    """Return the peak and its live tensors, the largest first."""
    if run.peak is None:
        names = sorted({name for step in run.steps for name in free_symbols(step.live)})
        open_ = [name for name in names if name not in run.report.costs_at]
        settings = " ".join(f"--set {name}=…" for name in open_)
        return [Lines([f"the peak depends on {' and '.join(open_)}: give a size, `{settings}`"], BOLD)]
    step, at = run.steps[run.peak], run.report.costs_at
    bound = evaluate(step.live, at)
    closed = f" = {memory(step.live)}" if isinstance(step.live, Expr) and isinstance(bound, int) else ""
    rows = [
        TableRow((Path(tensor.slot), Shapes([tensor.shape]), Bytes(evaluate(tensor.size, at))))
        for tensor in run.tensors
    ]
    heads = (TableColumn("tensor"), TableColumn("shape"), TableColumn("bytes", right=True))
    return [Lines([f"peak {memory(bound)}{closed} in {step.row.path}; live tensors:"], BOLD), Table(heads, rows)]


def _better(order: Reordering | None) -> list[str]:
    """Return lines that say which branches to run first."""
    if order is None:
        return []
    lines = [f"another order of branches has a peak of {memory(order.after)} instead of {memory(order.before)}:"]
    lines += [f"  {turn.merge}: {', then '.join(turn.branches)}" for turn in order.orders[:MOST_TURNS]]
    more = len(order.orders) - MOST_TURNS
    return [*lines, f"  and {more} more"] if more > 0 else lines


def _notes(run: LiveMemory) -> list[str]:
    at = at_sizes(run.report.costs_at)
    sizes = f"at {at}, " if at else ""
    parameters, buffers = run.parameter_bytes, run.buffer_bytes
    return [
        f"weights take {memory(parameters)} in addition{f', buffers {memory(buffers)}' if buffers != 0 else ''}",
        f"({sizes}{run.dtype}; a view takes no memory; temporary memory of kernels is not counted)",
    ]
