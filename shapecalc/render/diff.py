"""A comparison of two networks as a table, and as Markdown for a comment on a pull request."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from shapecalc.diffing.diff import ChangeKind, Comparison, DiffRow
from shapecalc.dims import Expr, show
from shapecalc.render.diff_rows import Alike, BlockRows, folded
from shapecalc.render.settings import called, format_value
from shapecalc.render.terminal.escaping import code_span, markdown_code, markdown_figure
from shapecalc.render.terminal.grid import Cells, Grid, Heading, Page
from shapecalc.render.terminal.numbers import at_sizes, grouped, memory, rounded, share, signed
from shapecalc.render.terminal.palette import BAD, BOLD, CAUTION, DIM, GOOD, PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapecalc.architecture import Architecture
    from shapecalc.diffing.diff import Change, Figures
    from shapecalc.dims import Shape
    from shapecalc.shape_inference.report import Count

MARKER = "<!-- shapecalc diff -->"
"""The first line of the Markdown, by which a workflow finds its comment to update it."""
_MARKS = {
    ChangeKind.ADDED: ("+", GOOD),
    ChangeKind.REMOVED: ("-", BAD),
    ChangeKind.CHANGED: ("~", CAUTION),
    ChangeKind.SAME: (" ", DIM),
}
_NAMES = {"macs": "MACs", "flops": "FLOPs"}
_BYTES = frozenset({"memory", "activations"})
_OUTPUT = 3
MOST_ROWS = 200
"""The most rows of layers in Markdown: GitHub takes 65,536 characters in a comment."""


def table(comparison: Comparison, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return the totals that changed and the layers that differ; equal layers are folded to a line."""
    page = Page(width, color, unicode)
    if comparison.identical:
        return page.line(_alike(comparison))
    figures = (Heading(word, right=True, wraps=_symbolic(comparison)) for word in ("before", "after", "change"))
    totals = page.grid((Heading(""), *figures), _totals(comparison.totals))
    parts = [page.line(_title(comparison), BOLD), page.draw(totals), "", *map(page.line, _ends(comparison))]
    layers = _layers(comparison, grouped, page)
    if width is not None and not page.fits(layers):
        layers = _layers(comparison, rounded, page)
        if layers.width - width > layers.widths[_OUTPUT]:
            layers = _without(layers, _OUTPUT)  # wrapped into a narrow column, a shape is a stack of single numbers
    if layers.rows:
        parts.append(page.draw(layers))
    parts += [page.line(text, DIM) for text in (_tally(comparison), *_at(comparison))]
    return "\n".join(parts)


def markdown(comparison: Comparison) -> str:
    """Return the totals as a table and the layers in a collapsed section, without markup or mentions from files."""
    parts = [MARKER, f"### shapecalc: {_heading(comparison)}", ""]
    if comparison.identical:
        return "\n".join([*parts, f"No change in shapes, parameters or costs ({_count(len(comparison.rows))})."])
    parts += ["| | before | after | change |", "| --- | ---: | ---: | ---: |"]
    for name, before, *figures in _totals(comparison.totals):
        cells = ("" if comparison.old is None else markdown_figure(before), *map(markdown_figure, figures))
        parts.append(f"| {name} | " + " | ".join(cells) + " |")
    parts += ["", *(f"- {_quoted_end(text)}" for text in _ends(comparison)), "", *_at(comparison)]
    rows = [row for row in folded(comparison) if not isinstance(row, Alike)]
    if rows:
        parts += ["", "<details>", f"<summary>{_tally(comparison)}</summary>", ""]
        parts += ["| | layer | | output | params | MACs |", "| --- | --- | --- | --- | ---: | ---: |"]
        for row in rows[:MOST_ROWS]:
            mark, path, what, output, params, macs = _texts(row, grouped)
            quoted = (markdown_code(text) if text else "" for text in (mark, path, what, output))
            parts.append("| " + " | ".join([*quoted, markdown_figure(params), markdown_figure(macs)]) + " |")
        if len(rows) > MOST_ROWS:
            left = sum(len(row.rows) if isinstance(row, BlockRows) else 1 for row in rows[MOST_ROWS:])
            parts += ["", f"… and {_count(left)} more"]
        parts += ["", "</details>"]
    return "\n".join(parts)


def _names(comparison: Comparison) -> list[str]:
    old, new = comparison.old, comparison.new.architecture.name
    return [new] if old is None or old.architecture.name == new else [old.architecture.name, new]


def _heading(comparison: Comparison) -> str:
    """Return the names of the networks with their files, in Markdown; those of one file once."""
    sides = [report.architecture for report in (comparison.old, comparison.new) if report is not None]
    files = [_file(side) for side in sides]
    texts = [
        f"{code_span(side.name)} in {code_span(file)}" if file else code_span(side.name)
        for side, file in zip(sides, files, strict=True)
    ]
    if files[0] == files[-1] and len(set(texts)) > 1:
        texts[0] = code_span(sides[0].name)
    return " → ".join(dict.fromkeys(texts)) + (", new" if comparison.old is None else "")


def _file(architecture: Architecture) -> str:
    """Return the path of a file, "" for a text; an absolute path is of one machine only."""
    name = "" if architecture.file is None else architecture.file.name
    return "" if name.startswith("<") or PurePath(name).is_absolute() else name


def _title(comparison: Comparison) -> str:
    return " → ".join(_names(comparison))


def _alike(comparison: Comparison) -> str:
    return f"{_title(comparison)}: no change in shapes, parameters or costs ({_count(len(comparison.rows))})"


def _count(layers: int) -> str:
    return f"{layers:,} layer{'' if layers == 1 else 's'}"


def _tally(comparison: Comparison) -> str:
    said = [
        f"{count:,} {kind.value}" for kind, count in comparison.tally.items() if count and kind is not ChangeKind.SAME
    ]
    alike = comparison.tally[ChangeKind.SAME]
    return f"layers: {', '.join([*said, *([f'{alike:,} alike'] if alike else [])])}"


def _at(comparison: Comparison) -> Iterator[str]:
    """Yield the sizes at which costs are given, if a symbol is unbound."""
    said = [at_sizes(sizes) for sizes in comparison.costs_at]
    if comparison.old is not None and said[0] != said[1]:
        yield f"costs before are those at {said[0] or 'the sizes given'}, after at {said[1] or 'the sizes given'}"
    elif said[1]:
        yield f"costs at {said[1]}; memory is parameters and all outputs at float32"


def _symbolic(comparison: Comparison) -> bool:
    return any(isinstance(count, Expr) for change in comparison.totals for count in change)


def _totals(figures: Figures) -> Iterator[tuple[str, ...]]:
    for name, change in figures._asdict().items():
        if change.before == change.after and name in ("buffers", "layers") and not change.before:
            continue
        write = memory if name in _BYTES else grouped
        yield _NAMES.get(name, name), write(change.before), write(change.after), _moved(change, write)


def _moved(change: Change, write: Callable[[Count], str]) -> str:
    """Return a change with its sign and its percentage of the former figure."""
    if change.before == change.after:
        return "unknown" if change.before is None else "0"
    delta, part = signed(change.delta, write), _share(change)
    return f"{delta} ({part})" if part else delta


def moved(metric: str, figures: Figures) -> str:
    """Return a line that says how a figure has changed."""
    change = getattr(figures, metric)
    write = memory if metric in _BYTES else grouped
    name = _NAMES.get(metric, metric)
    return f"{name} {write(change.before)} → {write(change.after)}, {_moved(change, write)}"


def _share(change: Change) -> str:
    """Return a change in percent of the former figure, exactly rounded half up."""
    before, delta = change.before, change.delta
    if not isinstance(before, int) or not isinstance(delta, int) or before <= 0:
        return ""
    return f"{'+' if delta > 0 else '−'}{share(abs(delta), before)}"


def _layers(comparison: Comparison, write: Callable[[Count], str], page: Page) -> Grid:
    rows = []
    for row in folded(comparison):
        if isinstance(row, Alike):
            texts, styles = ("", f"… {_count(len(row.rows))} alike", "", "", "", ""), (DIM,) * 6
        else:
            style = _MARKS[row.kind][1]
            texts, styles = _texts(row, write), (style, style, *(PLAIN,) * 4)
        rows.append(Cells(texts, styles))
    if not any(cells.texts[0] for cells in rows):
        rows = []
    wide = _symbolic(comparison)
    headings = (Heading(""), Heading("path", wraps=True), Heading("layer", wraps=True), Heading("output", wraps=True))
    counts = (Heading(count, right=True, wraps=wide) for count in ("params", "MACs"))
    return page.grid((*headings, *counts), rows)


def _without(grid: Grid, column: int) -> Grid:
    headings = (*grid.headings[:column], *grid.headings[column + 1 :])
    return Grid(
        headings,
        [Cells(*((*part[:column], *part[column + 1 :]) for part in (row.texts, row.styles))) for row in grid.rows],
    )


def _texts(row: DiffRow | BlockRows, write: Callable[[Count], str]) -> tuple[str, str, str, str, str, str]:
    params, macs = (signed(change.delta, write) for change in (row.figures.params, row.figures.macs))
    if isinstance(row, BlockRows):
        what = f"{_count(len(row.rows))}: {', '.join(row.types)}"
        return _MARKS[row.kind][0], row.path, what, _output(row.rows[-1]), params, macs
    return _MARKS[row.kind][0], row.layer.path, _what(row), _output(row), params, macs


def _what(row: DiffRow) -> str:
    """Return the settings of a layer, or what changed of its settings, inputs, weights and name."""
    old, new = row.old, row.new
    if old is None or new is None:
        return called(row.layer)
    said = [f"{name} {format_value(one)} → {format_value(other)}" for name, (one, other) in row.fields.items()]
    if "reads" in row.changes:
        said.append(f"reads {', '.join(old.step.inputs)} → {', '.join(new.step.inputs)}")
    if "weights" in row.changes:
        said.append(f"weights of {old.step.weights or 'its own'} → {new.step.weights or 'its own'}")
    if "name" in row.changes:
        said.append(f"was {_former(old.path, new.path)}")
    what = f"{called(old)} → {called(new)}" if "type" in row.changes else new.type if said else called(new)
    return f"{what}: {'; '.join(said)}" if said else what


def _former(old: str, new: str) -> str:
    """Return a former path, with `…` for the unchanged parts at its end.

    >>> _former("layer1.0.conv", "layer1.first.conv"), _former("c1", "c2")
    ('layer1.0…', 'c1')
    """
    before, after = old.split("."), new.split(".")
    cut = 0
    while cut < min(len(before), len(after)) - 1 and before[-1 - cut] == after[-1 - cut]:
        cut += 1
    return f"{'.'.join(before[: len(before) - cut])}…" if cut else old


def _output(row: DiffRow) -> str:
    if row.old is None or row.new is None or "output" not in row.changes:
        return _shapes(row.layer.outputs)
    return f"{_shapes(row.old.outputs)} → {_shapes(row.new.outputs)}"


def _shapes(outputs: dict[str, Shape]) -> str:
    return ", ".join(map(show, outputs.values()))


def _ends(comparison: Comparison) -> Iterator[str]:
    """Yield a line for each input and output that changed."""
    for what, ends in (("input", comparison.inputs), ("output", comparison.outputs)):
        for end in ends:
            name = what if end.name == what else f"{what} {end.name}"
            if end.before is None and end.after is not None:
                yield f"{name}: new, {show(end.after)}"
            elif end.after is None and end.before is not None:
                yield f"{name}: gone, was {show(end.before)}"
            elif end.before is not None and end.after is not None:
                shapes = [show(end.before), show(end.after)]
                yield f"{name}: " + " → ".join(f"{s} {d}".strip() for s, d in zip(shapes, end.dtypes, strict=True))
    for name in comparison.rewired:
        assert comparison.old is not None  # which gave it
        before, after = (report.architecture.output_slots[name] for report in (comparison.old, comparison.new))
        yield f"{'output' if name == 'output' else f'output {name}'}: given by {after}, before by {before}"


def _quoted_end(text: str) -> str:
    name, _, said = text.partition(": ")
    return f"{code_span(name)}: {code_span(said)}"
