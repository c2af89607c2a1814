"""A verified backward pass as text: predicted and executed gradients of each layer, and the verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from shapecalc.dims import show
from shapecalc.render.terminal.grid import Page
from shapecalc.render.terminal.numbers import error, seconds
from shapecalc.render.terminal.palette import BAD, BOLD, CAUTION, DIM, GOOD
from shapecalc.render.train_cost import untrained
from shapecalc.render.verify import both, heading, rows_grid, shared_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.execution.gradient_check import BackwardProof, BackwardRow, Shapes


def table(proof: BackwardProof, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return the table and the verdict; with a `width` of None nothing is wrapped.

    If the table is wider, equal shapes are shown once, then the layers' types are left out, then cells wrap.
    """
    page = Page(width, color, unicode)
    choices = ({name: COLUMNS[name] for name in names} for names in _MANNERS)
    grid = page.first_that_fits(rows_grid(page, proof.rows, columns, _NUMBERS) for columns in choices)
    title = f"{heading(proof.architecture.name, proof.sizes)}, going back from the loss"
    complaints = [page.line(complaint, BAD) for row in proof.rows for complaint in _complaints(row)]
    complaints += [page.line(warning, CAUTION) for warning in untrained(proof.single_values)]
    ending = ["", page.line(_note(proof), DIM), page.line(verdict(proof), GOOD if proof.ok else BAD)]
    return "\n".join([page.line(title, BOLD), page.draw(grid), *complaints, *ending])


def verdict(proof: BackwardProof) -> str:
    """Return a sentence: whether all layers agree, their number, the errors, and the time."""
    layers = len(proof.rows) + proof.skipped
    took = f"{seconds(proof.seconds)} in backward kernels"
    if not proof.ok:
        wrong = sum(not row.ok for row in proof.rows)
        after = f", {proof.skipped} not reached" if proof.skipped else ""
        overall = "" if wrong or proof.skipped else "; the whole differs: gradients are not added up right"
        return f"DISAGREES: {wrong} of {layers} layers going back{after} ({took}){overall}"
    entries = sum(row.checked.entries for row in proof.rows)
    worst = max(proof.rows, key=lambda row: row.checked.error)
    at = f" at {worst.layer.path}: {worst.checked.worst}" if worst.checked.error else ""
    along = (
        f"; all together along one direction {error(proof.directional_error)}"
        if proof.directional_error is not None
        else ""
    )
    return (
        f"verified: {layers} layers agree in the shapes of gradients and in MACs; {entries:,} entries checked by "
        f"central differences, largest relative error {error(worst.checked.error)}{at}{along} ({took})"
    )


def _note(proof: BackwardProof) -> str:
    to_inputs = sum(row.predicted_macs[0] for row in proof.rows)
    to_parameters = sum(row.predicted_macs[1] for row in proof.rows)
    cut = ""
    if proof.truncate is not None:
        steps = "1 step" if proof.truncate == 1 else f"{proof.truncate} steps"
        cut = f"; recurrent layers go back {steps} at a time"
        if any(row.truncated and not row.checked.entries for row in proof.rows):
            cut += ", and those that read in both directions are not checked by differences"
    return (
        f"MACs of dX {to_inputs:,}, of dW {to_parameters:,}, in float64; dX of what enters the network is executed as "
        f"well, though training has no use for it{cut}"
    )


def _complaints(row: BackwardRow) -> list[str]:
    complaints = [f"{row.layer.path}: {row.failure}"] if row.failure else []
    if not row.exact:
        off = f"is off by {error(row.checked.error)}, relatively"
        if math.isinf(row.checked.error):
            off = "cannot be checked: it is no finite number, or the values around it are none"
        complaints.append(f"{row.layer.path}: the gradient by {row.checked.worst} {off}")
    return complaints


def _shapes(shapes: Shapes) -> str:
    return ", ".join(f"{name} {show(shape)}" for name, shape in shapes.items()) or "none"


def _macs(row: BackwardRow, place: int) -> str:
    return both(row.predicted_macs[place], None if row.executed_macs is None else row.executed_macs[place])


def _off(row: BackwardRow) -> str:
    if not row.checked.entries:
        return "" if row.failure or not row.truncated else "unchecked"
    return error(row.checked.error)


COLUMNS: Mapping[str, Callable[[BackwardRow], str]] = {
    **shared_columns("gradients by, predicted", "gradients by", _shapes),
    "dX MACs": lambda row: _macs(row, 0),
    "dW MACs": lambda row: _macs(row, 1),
    "error": _off,
}
_NUMBERS = ("dX MACs", "dW MACs", "error")
_MANNERS = (
    ("path", "type", "gradients by, predicted", "executed", "dX MACs", "dW MACs", "error", ""),
    ("path", "type", "gradients by", "dX MACs", "dW MACs", "error", ""),
    ("path", "gradients by", "dX MACs", "dW MACs", "error", ""),
)
