"""A verification as text: predicted against executed, layer by layer, and one verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.dims import show
from shapecalc.render.terminal.grid import BAD, BOLD, GOOD, PLAIN, Cells, Grid, Heading, draw, paragraph, spelt
from shapecalc.render.terminal.numbers import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.execution.verify import Proof, Row, Trial


def table(proof: Proof, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return a table per trial and the verdict; `width` None wraps nothing.

    Where the table is wider than that, shapes that agree stand once, then the layers' types are left out, then cells
    wrap.
    """
    for names in _MANNERS:
        grids = [_grid(trial, names, unicode=unicode) for trial in proof.trials]
        if width is None or max(grid.width for grid in grids) <= width:
            break
    parts: list[str] = []
    for trial, grid in zip(proof.trials, grids, strict=True):
        parts.append(paragraph(spelt(_heading(proof, trial), unicode=unicode), width=width, color=color, style=BOLD))
        parts.append(draw(grid, width=width, color=color, unicode=unicode))
        failures = (f"{row.layer.path}: {row.failure}" for row in trial.rows if row.failure)
        parts += [paragraph(spelt(line, unicode=unicode), width=width, color=color, style=BAD) for line in failures]
        parts.append("")
    style = GOOD if proof.ok else BAD
    parts.append(paragraph(spelt(verdict(proof), unicode=unicode), width=width, color=color, style=style))
    return "\n".join(parts)


def _grid(trial: Trial, names: tuple[str, ...], *, unicode: bool) -> Grid:
    headings = tuple(
        Heading(name, right=name in ("params", "MACs"), wraps=name not in ("path", "params", "MACs", ""))
        for name in names
    )
    return Grid(
        headings,
        [
            Cells(
                tuple(spelt(COLUMNS[name](row), unicode=unicode) for name in names),
                (PLAIN if row.ok else BAD,) * len(names),
            )
            for row in trial.rows
        ],
    )


def verdict(proof: Proof) -> str:
    """Return one sentence: whether all agrees, over how much, in what time."""
    layers = len(proof.trials[0].rows) + proof.trials[0].skipped
    runs = "1 run" if len(proof.trials) == 1 else f"{len(proof.trials)} runs"
    took = f"{seconds(proof.seconds)} in kernels"
    if not proof.ok:
        wrong = sum(not row.ok for trial in proof.trials for row in trial.rows)
        skipped = sum(trial.skipped for trial in proof.trials)
        after = f", {skipped} not reached" if skipped else ""
        return f"DISAGREES: {wrong} of {layers * len(proof.trials)} layer runs{after} ({runs}, {took})"
    tried = _tried(proof)
    once = f"; {', '.join(proof.unproved)} tried at one size: no second one is legal" if proof.unproved else ""
    return f"verified: {layers} layers agree in shape, parameters and MACs ({runs}{tried}, {took}){once}"


def _heading(proof: Proof, trial: Trial) -> str:
    at = ", ".join(f"{name} = {size}" for name, size in trial.sizes.items())
    return f"{proof.architecture.name}{f' at {at}' if at else ''}"


def _executed(row: Row) -> str:
    return "failed" if row.executed is None else ", ".join(show(shape) for shape in row.executed)


def _predicted(row: Row) -> str:
    return ", ".join(show(shape) for shape in row.predicted)


def _once(row: Row) -> str:
    return _predicted(row) if row.predicted == row.executed else f"{_predicted(row)} / {_executed(row)}"


COLUMNS: Mapping[str, Callable[[Row], str]] = {
    "path": lambda row: row.layer.path,
    "type": lambda row: row.layer.type,
    "predicted": _predicted,
    "executed": _executed,
    "predicted / executed": _once,
    "params": lambda row: both(row.predicted_params, row.executed_params),
    "MACs": lambda row: both(row.predicted_macs, row.executed_macs),
    "": lambda row: "ok" if row.ok else "DIFFERS",
}
_MANNERS = (
    ("path", "type", "predicted", "executed", "params", "MACs", ""),
    ("path", "type", "predicted / executed", "params", "MACs", ""),
    ("path", "predicted / executed", "params", "MACs", ""),
)


def both(predicted: int, executed: int | None) -> str:
    """Write a count once where both agree, else both of them."""
    if executed is None:
        return f"{predicted:,} / failed"
    return f"{predicted:,}" if predicted == executed else f"{predicted:,} / {executed:,}"


def _tried(proof: Proof) -> str:
    names = list(dict.fromkeys(name for trial in proof.trials for name in trial.sizes))
    sizes = {name: dict.fromkeys(str(trial.sizes[name]) for trial in proof.trials) for name in names}
    tried = [f"{name} = {' and '.join(different)}" for name, different in sizes.items()]
    return f" at {', '.join(tried)}" if tried else ""
