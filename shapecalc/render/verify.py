"""A verification as text: predicted and executed figures of each layer, and the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from shapecalc.dims import show
from shapecalc.render.terminal.grid import Cells, Grid, Heading, Page
from shapecalc.render.terminal.numbers import at_sizes, seconds
from shapecalc.render.terminal.palette import BAD, BOLD, GOOD, PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from shapecalc.execution.gradient_check import BackwardRow
    from shapecalc.execution.verify import Proof, ProofRow

    AnyRow = TypeVar("AnyRow", ProofRow, BackwardRow)


def table(proof: Proof, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return a table per trial and the verdict; with a `width` of None nothing is wrapped.

    If the table is wider, equal shapes are shown once, then the layers' types are left out, then cells wrap.
    """
    page = Page(width, color, unicode)
    buffers = any(row.layer.facts.buffers for trial in proof.trials for row in trial.rows)
    for names in _MANNERS:
        columns = {name: COLUMNS[name] for name in names if buffers or name != "buffers"}
        grids = [rows_grid(page, trial.rows, columns, _NUMBERS) for trial in proof.trials]
        if page.fits(*grids):
            break
    parts: list[str] = []
    for trial, grid in zip(proof.trials, grids, strict=True):
        parts += [page.line(heading(proof.architecture.name, trial.sizes), BOLD), page.draw(grid)]
        parts += [page.line(f"{row.layer.path}: {row.failure}", BAD) for row in trial.rows if row.failure]
        parts.append("")
    return "\n".join([*parts, page.line(verdict(proof), GOOD if proof.ok else BAD)])


def rows_grid(
    page: Page, rows: Iterable[AnyRow], columns: Mapping[str, Callable[[AnyRow], str]], numbers: Container[str]
) -> Grid:
    """Return a line per layer, in red if it differs; `numbers` names the columns of counts."""
    headings = (
        Heading(name, right=name in numbers, wraps=name not in numbers and name not in ("path", "")) for name in columns
    )
    cells = (
        Cells(tuple(text(row) for text in columns.values()), (PLAIN if row.ok else BAD,) * len(columns)) for row in rows
    )
    return page.grid(headings, cells)


def heading(name: str, sizes: Mapping[str, int]) -> str:
    """Return the name of the network with its sizes."""
    at = at_sizes(sizes)
    return f"{name}{f' at {at}' if at else ''}"


def verdict(proof: Proof) -> str:
    """Return a sentence: whether all layers agree, their number, and the time."""
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


def shared_columns(predicted: str, either: str, shapes: Callable[[Any], str]) -> dict[str, Callable[[Any], str]]:
    """Return the columns that every verification has; `either` shows equal shapes once."""

    def executed(row: Any) -> str:
        return "failed" if row.executed is None else shapes(row.executed)

    def once(row: Any) -> str:
        said = shapes(row.predicted)
        return said if row.predicted == row.executed else f"{said} / {executed(row)}"

    return {
        "path": lambda row: row.layer.path,
        "type": lambda row: row.layer.type,
        predicted: lambda row: shapes(row.predicted),
        "executed": executed,
        either: once,
        "": lambda row: "ok" if row.ok else "DIFFERS",
    }


COLUMNS: Mapping[str, Callable[[ProofRow], str]] = {
    **shared_columns("predicted", "predicted / executed", lambda shapes: ", ".join(map(show, shapes))),
    "params": lambda row: both(row.predicted_own.params, row.executed_own and row.executed_own.params),
    "buffers": lambda row: both(row.predicted_own.buffers, row.executed_own and row.executed_own.buffers),
    "MACs": lambda row: both(row.predicted_macs, row.executed_macs),
}
_NUMBERS = ("params", "buffers", "MACs")
_MANNERS = (
    ("path", "type", "predicted", "executed", *_NUMBERS, ""),
    ("path", "type", "predicted / executed", *_NUMBERS, ""),
    ("path", "predicted / executed", *_NUMBERS, ""),
)


def both(predicted: int, executed: int | None) -> str:
    """Return one count if both are equal, else both."""
    if executed is None:
        return f"{predicted:,} / failed"
    return f"{predicted:,}" if predicted == executed else f"{predicted:,} / {executed:,}"


def _tried(proof: Proof) -> str:
    names = list(dict.fromkeys(name for trial in proof.trials for name in trial.sizes))
    sizes = {name: dict.fromkeys(str(trial.sizes[name]) for trial in proof.trials) for name in names}
    tried = [f"{name} = {' and '.join(different)}" for name, different in sizes.items()]
    return f" at {', '.join(tried)}" if tried else ""
