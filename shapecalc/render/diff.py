"""A comparison of two networks as tables, and as Markdown for a comment on a pull request."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from shapecalc.diffing.diff import ChangeKind, Comparison, DiffRow
from shapecalc.dims import show
from shapecalc.render.diff_rows import BlockRows, Unchanged, folded
from shapecalc.render.settings import called, format_value
from shapecalc.render.tables import markdown as markdown_tables
from shapecalc.render.tables.model import (
    BLANK,
    Amount,
    Bytes,
    ChangedShapes,
    Delta,
    Document,
    Fixed,
    Lines,
    Path,
    Shapes,
    Table,
    TableColumn,
    TableRow,
    Words,
)
from shapecalc.render.terminal.escaping import code_span, markdown_figure
from shapecalc.render.terminal.numbers import at_sizes, share
from shapecalc.render.terminal.palette import BAD, CAUTION, DIM, GOOD, PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.architecture import Architecture
    from shapecalc.diffing.diff import Change, Figures
    from shapecalc.render.tables.model import Value
    from shapecalc.shape_inference.rows import Count, LayerReport

MARKER = "<!-- shapecalc diff -->"
"""The first line of the Markdown, by which a workflow finds its comment to update it."""
_MARKS = {ChangeKind.ADDED: ("+", GOOD), ChangeKind.REMOVED: ("-", BAD), ChangeKind.CHANGED: ("~", CAUTION)}
_NAMES = {"macs": "MACs", "flops": "FLOPs", "active_params": "active params"}
_BYTES = frozenset({"memory", "activations"})
MOST_ROWS = 200
"""The most rows of layers in Markdown: GitHub takes 65,536 characters in a comment."""
_TOTALS = (TableColumn("total", ""), *(TableColumn(word, right=True) for word in ("before", "after", "change")))
_LAYERS = (
    TableColumn("kind", ""),
    TableColumn("path"),
    TableColumn("layer"),
    TableColumn("output", drops=2),
    TableColumn("params", right=True),
    TableColumn("macs", "MACs", right=True),
)
_LISTING = tuple(
    TableColumn(name)
    for name in (
        *("kind", "path", "path_before", "layer", "output_before", "output_after"),
        *("params_before", "params_after", "macs_before", "macs_after"),
    )
)
_LEAST = 22
"""The columns that a path and a change have at least before a terminal leaves out the outputs."""


def comparison(compared: Comparison) -> Document:
    """Return the totals, and a row per layer that differs; equal layers and whole blocks are folded to a row."""
    rows = [] if compared.identical else [_row(row) for row in folded(compared)]
    layers = Table(_LAYERS, rows, legend=True, least=_LEAST)
    if compared.identical:
        return Document("", [[Lines([f"{_title(compared)}: {_identical(compared)}"])]], layers)
    ends = [Lines(texts)] if (texts := [*_ends(compared)]) else []
    below = Lines([tally(compared), *_at(compared)], DIM)
    return Document(
        _title(compared),
        [
            [totals(compared.totals, is_new=compared.old is None)],
            [*ends, *([layers] if any(not row.summary for row in rows) else []), below],
        ],
        layers,
    )


def listing(compared: Comparison) -> Table:
    """Return a row per layer that differs, with its figures before and after, for programs."""
    return Table(_LISTING, [_listed(row) for row in compared.rows if row.kind is not ChangeKind.SAME])


def markdown(compared: Comparison) -> str:
    """Return the totals as a table and the layers in a collapsed section, without markup or mentions from files."""
    parts = [MARKER, f"### shapecalc: {_heading(compared)}", ""]
    if compared.identical:
        return "\n".join([*parts, _identical(compared).capitalize() + "."])
    parts += markdown_figures(compared)
    if layers := layer_lines(compared, MOST_ROWS):
        parts += ["", "<details>", f"<summary>{tally(compared)}</summary>", "", *layers, "", "</details>"]
    return "\n".join(parts)


def markdown_totals(figures: Figures, *, is_new: bool = False, is_gone: bool = False) -> list[str]:
    """Return the lines of a table of the totals before and after, in Markdown."""
    parts = ["| | before | after | change |", "| --- | ---: | ---: | ---: |"]
    for name, *values in (row.values for row in totals(figures, is_new=is_new, is_gone=is_gone).rows):
        parts.append(f"| {name.text()} | " + " | ".join(markdown_figure(value.text()) for value in values) + " |")
    return parts


def markdown_figures(compared: Comparison) -> list[str]:
    """Return the lines of the totals, of the inputs and outputs that differ, and of the sizes, in Markdown."""
    parts = markdown_totals(compared.totals, is_new=compared.old is None)
    return [*parts, "", *(f"- {_quoted_end(text)}" for text in _ends(compared)), "", *_at(compared)]


def layer_lines(compared: Comparison, most: int) -> list[str]:
    """Return the lines of a table of the first `most` layers and blocks that differ, in Markdown; [] if none does.

    A line below says how many layers are left out.
    """
    rows = [row for row in folded(compared) if not isinstance(row, Unchanged)]
    if not rows:
        return []
    lines = markdown_tables.table(Table(_LAYERS, [_row(row) for row in rows[:most]])).split("\n")
    left = sum(len(row.rows) if isinstance(row, BlockRows) else 1 for row in rows[most:])
    return [*lines, "", f"… and {_count(left)} more"] if left else lines


def _names(compared: Comparison) -> list[str]:
    old, new = compared.old, compared.new.architecture.name
    return [new] if old is None or old.architecture.name == new else [old.architecture.name, new]


def _heading(compared: Comparison) -> str:
    """Return the names of the networks with their files, in Markdown; those of one file once."""
    sides = [report.architecture for report in (compared.old, compared.new) if report is not None]
    files = [_file(side) for side in sides]
    texts = [
        f"{code_span(side.name)} in {code_span(file)}" if file else code_span(side.name)
        for side, file in zip(sides, files, strict=True)
    ]
    if files[0] == files[-1] and len(set(texts)) > 1:
        texts[0] = code_span(sides[0].name)
    return " → ".join(dict.fromkeys(texts)) + (", new" if compared.old is None else "")


def _file(architecture: Architecture) -> str:
    """Return the path of a file, "" for a text; an absolute path is of one machine only."""
    name = "" if architecture.file is None else architecture.file.name
    return "" if name.startswith("<") or PurePath(name).is_absolute() else name


def _title(compared: Comparison) -> str:
    return " → ".join(_names(compared))


def _identical(compared: Comparison) -> str:
    return f"no change in shapes, parameters or costs ({_count(len(compared.rows))})"


def _count(layers: int) -> str:
    return f"{layers:,} layer{'' if layers == 1 else 's'}"


def tally(compared: Comparison) -> str:
    """Return the number of layers of each kind."""
    words = {kind: kind.value for kind in ChangeKind} | {ChangeKind.SAME: "unchanged"}
    return f"layers: {', '.join(f'{count:,} {words[kind]}' for kind, count in compared.tally.items() if count)}"


def _at(compared: Comparison) -> Iterator[str]:
    """Yield the sizes at which costs are given, if a symbol is unbound."""
    said = [at_sizes(sizes) for sizes in compared.costs_at]
    if compared.old is not None and said[0] != said[1]:
        yield f"costs before are those at {said[0] or 'the sizes given'}, after at {said[1] or 'the sizes given'}"
    elif said[1]:
        yield f"costs at {said[1]}; memory is parameters and all outputs at float32"


def totals(figures: Figures, *, is_new: bool = False, is_gone: bool = False) -> Table:
    """Return a row per figure, with nothing before in a network that is new and nothing after in one that is gone."""
    rows = []
    for name, change in figures._asdict().items():
        if change.before == change.after and name in ("buffers", "layers") and not change.before:
            continue
        if name == "active_params" and change == figures.params:
            continue
        before = BLANK if is_new else _amount(name, change.before)
        after = BLANK if is_gone else _amount(name, change.after)
        rows.append(TableRow((Fixed(_NAMES.get(name, name)), before, after, _moved(name, change))))
    return Table(_TOTALS, rows, legend=True)


def _amount(name: str, count: Count) -> Amount:
    return Bytes(count) if name in _BYTES else Amount(count)


def _moved(name: str, change: Change) -> Value:
    """Return a change with its sign and its percentage of the former figure."""
    if change.before == change.after:
        return Fixed("unknown" if change.before is None else "0")
    part = share_of_before(change)
    return Delta(_amount(name, change.delta), f"({part})" if part else "")


def moved(metric: str, figures: Figures) -> str:
    """Return a line that says how a figure has changed."""
    change = getattr(figures, metric)
    before, after = (_amount(metric, count).text() for count in change)
    return f"{_NAMES.get(metric, metric)} {before} → {after}, {_moved(metric, change).text()}"


def share_of_before(change: Change) -> str:
    """Return a change in percent of the former figure, exactly rounded half up."""
    before, delta = change.before, change.delta
    if not isinstance(before, int) or not isinstance(delta, int) or before <= 0:
        return ""
    return f"{'+' if delta > 0 else '−'}{share(abs(delta), before)}"


def _row(row: DiffRow | BlockRows | Unchanged) -> TableRow:
    if isinstance(row, Unchanged):
        return TableRow((BLANK, Path(f"… {len(row.rows):,} unchanged"), *(BLANK,) * 4), summary=True)
    mark, style = _MARKS[row.kind]
    costs = [Delta(Amount(change.delta)) for change in (row.figures.params, row.figures.macs)]
    styles = (style, style, *(PLAIN,) * 4)
    if isinstance(row, BlockRows):
        what = f"{_count(len(row.rows))}: {', '.join(row.types)}"
        return TableRow((Fixed(mark), Path(row.path), Words(what), _output(row.rows[-1]), *costs), styles=styles)
    return TableRow((Fixed(mark), Path(row.layer.path), _what(row), _output(row), *costs), styles=styles)


def _listed(row: DiffRow) -> TableRow:
    sides = [
        (Path(layer.path), Shapes([*layer.outputs.values()])) if layer else (BLANK, BLANK)
        for layer in (row.old, row.new)
    ]
    (former, before), (_, after) = sides
    costs = (Amount(count) for change in (row.figures.params, row.figures.macs) for count in change)
    path = Path(row.layer.path)
    return TableRow((Fixed(row.kind.value), path, former, _what(row), before, after, *costs))


def _what(row: DiffRow) -> Words:
    """Return the settings of a layer, or what changed of its settings, inputs, weights and name."""
    old, new = row.old, row.new
    if old is None or new is None:
        return Words(called(row.layer), called(row.layer, brief=True))
    said = [f"{name} {format_value(one)} → {format_value(other)}" for name, (one, other) in row.fields.items()]
    if "reads" in row.changes:
        said.append(f"reads {', '.join(old.step.inputs)} → {', '.join(new.step.inputs)}")
    if "weights" in row.changes:
        said.append(f"weights of {_sources(old)} → {_sources(new)}")
    if "name" in row.changes:
        said.append(f"was {_former(old.path, new.path)}")
    if "type" in row.changes:
        return Words("; ".join([f"{called(old)} → {called(new)}", *said]))
    if not said:
        return Words(called(new), called(new, brief=True))
    return Words(f"{new.type}: {'; '.join(said)}", "; ".join(said))


def _sources(row: LayerReport) -> str:
    return ", ".join(source.rstrip(".") for source in row.step.sources) or "its own"


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


def _output(row: DiffRow) -> Value:
    shapes = [[*layer.outputs.values()] for layer in (row.old, row.new) if layer is not None]
    return ChangedShapes(*shapes) if "output" in row.changes and len(shapes) > 1 else Shapes(shapes[-1])


def _ends(compared: Comparison) -> Iterator[str]:
    """Yield a line for each input and output that changed."""
    for what, ends in (("input", compared.inputs), ("output", compared.outputs)):
        for end in ends:
            name = what if end.name == what else f"{what} {end.name}"
            if end.before is None and end.after is not None:
                yield f"{name}: new, {show(end.after)}"
            elif end.after is None and end.before is not None:
                yield f"{name}: gone, was {show(end.before)}"
            elif end.before is not None and end.after is not None:
                shapes = [show(end.before), show(end.after)]
                yield f"{name}: " + " → ".join(f"{s} {d}".strip() for s, d in zip(shapes, end.dtypes, strict=True))
    for name in compared.rewired:
        assert compared.old is not None  # which gave it
        before, after = (report.architecture.output_slots[name] for report in (compared.old, compared.new))
        yield f"{'output' if name == 'output' else f'output {name}'}: given by {after}, before by {before}"


def _quoted_end(text: str) -> str:
    name, _, said = text.partition(": ")
    return f"{code_span(name)}: {code_span(said)}"
