"""A verified backward pass as a document: predicted and executed gradients of each layer, and the verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from shapecalc.dims import show
from shapecalc.render.tables.model import (
    BLANK,
    Amount,
    Document,
    Fixed,
    Lines,
    Path,
    Table,
    TableColumn,
    TableRow,
    Words,
)
from shapecalc.render.terminal.numbers import error, seconds
from shapecalc.render.terminal.palette import BAD, CAUTION, DIM, GOOD
from shapecalc.render.train_cost import untrained
from shapecalc.render.verify import TYPE, Compared, both, compared_table, folded, heading, said

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.execution.gradient_check import BackwardProof, BackwardRow, Shapes as NamedShapes
    from shapecalc.render.tables.model import Part, Value


def verification(proof: BackwardProof, *, every: bool = True, depth: int | None = None) -> Document:
    """Return the rows from the last layer to the first, or only those that differ, and the verdict."""
    content = compared_table([*folded(proof.rows, depth)], COLUMNS)
    rows = [row for row in folded(proof.rows, depth) if every or not row.ok]
    complaints = [complaint for row in proof.rows for complaint in _complaints(row)]
    warnings = [*untrained(proof.single_values)]
    block: list[Part] = [compared_table(rows, COLUMNS)] if rows else []
    block += [Lines(texts, style) for texts, style in ((complaints, BAD), (warnings, CAUTION)) if texts]
    ending = [Lines([_note(proof)], DIM)] if rows else []
    ending.append(Lines([verdict(proof)], GOOD if proof.ok else BAD))
    title = f"{heading(proof.architecture.name, proof.sizes)}, backward from the loss" if rows else ""
    return Document(title, [block, ending] if block else [ending], content)


def listing(proof: BackwardProof, depth: int | None = None) -> Table:
    """Return a row per layer with predicted and executed figures apart, for programs."""
    counts = ("macs_to_inputs", "macs_to_weights")
    heads = ["path", "type", "gradients", "executed"]
    heads += [name for count in counts for name in (count, f"executed_{count}")]
    rows = []
    for row in folded(proof.rows, depth):
        figures = [Amount(figure) for place, _ in enumerate(counts) for figure in _macs(row, place)]
        shapes = (_gradients(row), _executed(row))
        rows.append(TableRow((Path(row.path), row.type, *shapes, *figures, _off(row), said(row))))
    return Table(tuple(map(TableColumn, (*heads, "error", "result"))), rows)


def verdict(proof: BackwardProof) -> str:
    """Return a sentence: whether all layers agree, their number, the largest error, and the time in kernels."""
    layers = len(proof.rows) + proof.skipped
    took = seconds(proof.seconds)
    if not proof.ok:
        wrong = sum(not row.ok for row in proof.rows)
        after = f", {proof.skipped} not reached" if proof.skipped else ""
        overall = "" if wrong or proof.skipped else "; the sum of gradients of the whole network differs"
        return f"DISAGREES: {wrong} of {layers} layers in the backward pass{after} ({took}){overall}"
    worst = max(row.checked.error for row in proof.rows)
    return f"verified: gradients of {layers} layers agree, MACs too; largest error {error(worst)} ({took})"


def _note(proof: BackwardProof) -> str:
    to_inputs = sum(row.predicted_macs[0] for row in proof.rows)
    to_parameters = sum(row.predicted_macs[1] for row in proof.rows)
    entries = sum(row.checked.entries for row in proof.rows)
    worst = max(proof.rows, key=lambda row: row.checked.error)
    checked = f"{entries:,} entries checked by central differences in float64"
    if worst.checked.error:
        checked += f", largest relative error {error(worst.checked.error)} at {worst.layer.path}: {worst.checked.worst}"
    if proof.directional_error is not None:
        checked += f"; of the whole network along one direction {error(proof.directional_error)}"
    cut = ""
    if proof.truncate is not None:
        steps = "1 step" if proof.truncate == 1 else f"{proof.truncate} steps"
        cut = f"; back-propagation through time is cut every {steps}"
        if any(row.truncated and not row.checked.entries for row in proof.rows):
            cut += ", and bidirectional layers are not checked by differences"
    return (
        f"MACs of dX {to_inputs:,}, of dW {to_parameters:,}: gradients with respect to inputs and to weights; dX of "
        f"the network's input is executed too, although training does not need it; {checked}{cut}"
    )


def _complaints(row: BackwardRow) -> list[str]:
    complaints = [f"{row.layer.path}: {row.failure}"] if row.failure else []
    if row.executed is not None and row.executed != row.predicted:
        expected, received = _shapes(row.predicted), _shapes(row.executed)
        complaints.append(f"{row.layer.path}: gradients are predicted as {expected}, executed as {received}")
    if not row.exact:
        off = f"has a relative error of {error(row.checked.error)}"
        if math.isinf(row.checked.error):
            off = "cannot be checked: it is not finite, or a value next to it is not"
        complaints.append(f"{row.layer.path}: the gradient with respect to {row.checked.worst} {off}")
    return complaints


def _shapes(shapes: NamedShapes) -> str:
    return ", ".join(f"{name} {show(shape)}".lstrip() for name, shape in shapes.items()) or "none"


def _words(row: Compared, shapes: NamedShapes) -> Words:
    """Return the names of gradients with their shapes, which a narrow terminal leaves out."""
    if len(row.rows) > 1:
        return Words(f"{sum(len(one.predicted) for one in row.rows)} gradients")
    return Words(_shapes(shapes), ", ".join(shapes) or "none")


def _gradients(row: Compared) -> Value:
    return _words(row, row.rows[-1].predicted)


def _executed(row: Compared) -> Value:
    executed = row.rows[-1].executed
    return Fixed("failed") if executed is None else _words(row, executed)


def _macs(row: Compared, place: int) -> tuple[int, int | None]:
    return row.sums(lambda one: one.predicted_macs[place], lambda one: one.executed_macs and one.executed_macs[place])


def _off(row: Compared) -> Value:
    checked = [one.checked.error for one in row.rows if one.checked.entries]
    if not checked:
        return Fixed("unchecked") if any(one.truncated and not one.failure for one in row.rows) else BLANK
    return Fixed(error(max(checked)))


COLUMNS: Mapping[TableColumn, Callable[[Compared], Value]] = {
    TableColumn("path"): lambda row: Path(row.path),
    TYPE: lambda row: row.type,
    TableColumn("gradients"): _gradients,
    TableColumn("executed", "executed"): _executed,
    TableColumn("macs_to_inputs", "dX MACs", right=True): lambda row: both(*_macs(row, 0)),
    TableColumn("macs_to_weights", "dW MACs", right=True): lambda row: both(*_macs(row, 1)),
    TableColumn("error", right=True): _off,
    TableColumn("result", ""): said,
}
