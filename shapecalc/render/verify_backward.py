"""A verified backward pass as text: gradients predicted against executed, layer by layer, and one verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shapecalc.dims import show
from shapecalc.render.json import number
from shapecalc.render.terminal.grid import BAD, BOLD, DIM, GOOD, PLAIN, Cells, Grid, Heading, draw, paragraph, spelt
from shapecalc.render.verify import both, spoken_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.execution.gradient_check import BackwardProof, BackwardRow, Shapes


def table(proof: BackwardProof, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return the table and the verdict; `width` None wraps nothing.

    Where the table is wider than that, shapes that agree stand once, then the layers' types are left out, then cells
    wrap.
    """
    for names in _MANNERS:
        grid = _grid(proof, names, unicode=unicode)
        if width is None or grid.width <= width:
            break
    parts = [paragraph(spelt(_heading(proof), unicode=unicode), width=width, color=color, style=BOLD)]
    parts.append(draw(grid, width=width, color=color, unicode=unicode))
    complaints = [complaint for row in proof.rows for complaint in _complaints(row)]
    parts += [paragraph(spelt(line, unicode=unicode), width=width, color=color, style=BAD) for line in complaints]
    parts += ["", paragraph(spelt(_note(proof), unicode=unicode), width=width, color=color, style=DIM)]
    style = GOOD if proof.ok else BAD
    parts.append(paragraph(spelt(verdict(proof), unicode=unicode), width=width, color=color, style=style))
    return "\n".join(parts)


def verdict(proof: BackwardProof) -> str:
    """Return one sentence: whether all agrees, over how much, how exact, in what time."""
    layers = len(proof.rows) + proof.skipped
    took = f"{spoken_seconds(proof.seconds)} in backward kernels"
    if not proof.ok:
        wrong = sum(not row.ok for row in proof.rows)
        after = f", {proof.skipped} not reached" if proof.skipped else ""
        whole = "" if wrong or proof.skipped else "; the whole differs: gradients are not added up right"
        return f"DISAGREES: {wrong} of {layers} layers going back{after} ({took}){whole}"
    entries = sum(row.checked.entries for row in proof.rows)
    worst = max(proof.rows, key=lambda row: row.checked.error)
    at = f" at {worst.layer.path}: {worst.checked.worst}" if worst.checked.error else ""
    along = (
        f"; all together along one direction {_error(proof.directional_error)}"
        if proof.directional_error is not None
        else ""
    )
    return (
        f"verified: {layers} layers agree in the shapes of gradients and in MACs; {entries:,} entries checked by "
        f"central differences, largest relative error {_error(worst.checked.error)}{at}{along} ({took})"
    )


def as_dict(proof: BackwardProof) -> dict[str, Any]:
    """Return the proof as JSON's values."""
    return {
        "schema_version": 1,
        "name": proof.architecture.name,
        "ok": proof.ok,
        "sizes": dict(proof.sizes),
        "truncate": proof.truncate,
        "peak_bytes": proof.price.peak,
        "seconds": proof.seconds,
        "error_along_one_direction": number(proof.directional_error),
        "layers": [_row_as_dict(row) for row in proof.rows],
        "skipped": proof.skipped,
    }


def _row_as_dict(row: BackwardRow) -> dict[str, Any]:
    executed, macs = row.executed, row.executed_macs
    return {
        "path": row.layer.path,
        "type": row.layer.type,
        "ok": row.ok,
        "predicted": {name: list(shape) for name, shape in row.predicted.items()},
        "executed": None if executed is None else {name: list(shape) for name, shape in executed.items()},
        "predicted_macs": {"to_inputs": row.predicted_macs[0], "to_parameters": row.predicted_macs[1]},
        "executed_macs": None if macs is None else {"to_inputs": macs[0], "to_parameters": macs[1]},
        "truncated": row.truncated,
        "checked": {"entries": row.checked.entries, "error": number(row.checked.error), "worst": row.checked.worst},
        "seconds": row.seconds,
        "failure": row.failure,
    }


def _grid(proof: BackwardProof, names: tuple[str, ...], *, unicode: bool) -> Grid:
    headings = tuple(Heading(name, right=name in _NUMBERS, wraps=name not in (*_NUMBERS, "path", "")) for name in names)
    return Grid(
        headings,
        [
            Cells(
                tuple(spelt(COLUMNS[name](row), unicode=unicode) for name in names),
                (PLAIN if row.ok else BAD,) * len(names),
            )
            for row in proof.rows
        ],
    )


def _heading(proof: BackwardProof) -> str:
    at = ", ".join(f"{name} = {size}" for name, size in proof.sizes.items())
    return f"{proof.architecture.name}{f' at {at}' if at else ''}, going back from the loss"


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
    found = [f"{row.layer.path}: {row.failure}"] if row.failure else []
    if not row.exact:
        off = f"is off by {_error(row.checked.error)}, relatively"
        if math.isinf(row.checked.error):
            off = "cannot be checked: it is no finite number, or the values around it are none"
        found.append(f"{row.layer.path}: the gradient by {row.checked.worst} {off}")
    return found


def _predicted(row: BackwardRow) -> str:
    return _shapes(row.predicted)


def _executed(row: BackwardRow) -> str:
    return "failed" if row.executed is None else _shapes(row.executed)


def _once(row: BackwardRow) -> str:
    return _predicted(row) if row.predicted == row.executed else f"{_predicted(row)} / {_executed(row)}"


def _shapes(shapes: Shapes) -> str:
    return ", ".join(f"{name} {show(shape)}" for name, shape in shapes.items()) or "none"


def _macs(row: BackwardRow, place: int) -> str:
    return both(row.predicted_macs[place], None if row.executed_macs is None else row.executed_macs[place])


def _off(row: BackwardRow) -> str:
    if not row.checked.entries:
        return "" if row.failure or not row.truncated else "unchecked"
    return _error(row.checked.error)


def _error(error: float | None) -> str:
    """Write a relative error: `3e-10`.

    >>> _error(3.14e-10), _error(0.0)
    ('3e-10', '0')
    """
    return "0" if not error else f"{error:.0e}"


COLUMNS: Mapping[str, Callable[[BackwardRow], str]] = {
    "path": lambda row: row.layer.path,
    "type": lambda row: row.layer.type,
    "gradients by, predicted": _predicted,
    "executed": _executed,
    "gradients by": _once,
    "dX MACs": lambda row: _macs(row, 0),
    "dW MACs": lambda row: _macs(row, 1),
    "error": _off,
    "": lambda row: "ok" if row.ok else "DIFFERS",
}
_NUMBERS = ("dX MACs", "dW MACs", "error")
_MANNERS = (
    ("path", "type", "gradients by, predicted", "executed", "dX MACs", "dW MACs", "error", ""),
    ("path", "type", "gradients by", "dX MACs", "dW MACs", "error", ""),
    ("path", "gradients by", "dX MACs", "dW MACs", "error", ""),
)
