"""A verification as text: predicted against executed, layer by layer, and one verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.layers.base import show

if TYPE_CHECKING:
    from shapecalc.verification import Proof, Row, Trial


def table(proof: Proof, *, width: int | None, color: bool, unicode: bool) -> str:
    """Return a table per trial and the verdict; `width` None wraps nothing."""
    from rich.text import Text  # noqa: PLC0415 - JSON needs no rich

    from shapecalc.render.escaping import terminal  # noqa: PLC0415
    from shapecalc.render.table import new_table, printed  # noqa: PLC0415

    parts: list[Any] = []
    for trial in proof.trials:
        grid = new_table()
        for heading, justify in (
            ("path", "left"),
            ("type", "left"),
            ("predicted", "left"),
            ("executed", "left"),
            ("params", "right"),
            ("MACs", "right"),
            ("", "left"),
        ):
            grid.add_column(heading, justify=justify, no_wrap=heading not in ("predicted", "executed"))  # type: ignore[arg-type]
        for row in trial.rows:
            grid.add_row(*(Text(terminal(text)) for text in _cells(row)), style=None if row.ok else "bold red")
        parts += [Text(terminal(_heading(proof, trial)), style="bold"), grid]
        parts += [Text(terminal(f"{row.layer.path}: {row.failure}")) for row in trial.rows if row.failure]
        parts.append(Text(""))
    parts.append(Text(terminal(verdict(proof)), style="bold green" if proof.ok else "bold red"))
    return printed(tuple(parts), width=width, color=color, unicode=unicode)


def verdict(proof: Proof) -> str:
    """Return one sentence: whether all agrees, over how much, in what time."""
    layers = len(proof.trials[0].rows) + proof.trials[0].skipped
    runs = "1 run" if len(proof.trials) == 1 else f"{len(proof.trials)} runs"
    took = f"{proof.seconds:.2f} s in kernels"
    if not proof.ok:
        wrong = sum(not row.ok for trial in proof.trials for row in trial.rows)
        skipped = sum(trial.skipped for trial in proof.trials)
        after = f", {skipped} not reached" if skipped else ""
        return f"DISAGREES: {wrong} of {layers * len(proof.trials)} layer runs{after} ({runs}, {took})"
    tried = _tried(proof)
    once = f"; {', '.join(proof.unproved)} tried at one size: no second one is legal" if proof.unproved else ""
    return f"verified: {layers} layers agree in shape, parameters and MACs ({runs}{tried}, {took}){once}"


def as_dict(proof: Proof) -> dict[str, Any]:
    """Return the proof as JSON's values."""
    return {
        "schema_version": 1,
        "name": proof.architecture.name,
        "ok": proof.ok,
        "seconds": proof.seconds,
        "unproved": list(proof.unproved),
        "trials": [
            {
                "sizes": dict(trial.sizes),
                "ok": trial.ok,
                "peak_bytes": trial.price.peak,
                "seconds": trial.seconds,
                "layers": [_row_as_dict(row) for row in trial.rows],
                "skipped": trial.skipped,
            }
            for trial in proof.trials
        ],
    }


def _row_as_dict(row: Row) -> dict[str, Any]:
    return {
        "path": row.layer.path,
        "type": row.layer.type,
        "ok": row.ok,
        "predicted": [list(shape) for shape in row.predicted],
        "executed": None if row.executed is None else [list(shape) for shape in row.executed],
        "predicted_params": row.predicted_params,
        "executed_params": row.executed_params,
        "predicted_macs": row.predicted_macs,
        "executed_macs": row.executed_macs,
        "seconds": row.seconds,
        "failure": row.failure,
    }


def _heading(proof: Proof, trial: Trial) -> str:
    at = ", ".join(f"{name} = {size}" for name, size in trial.sizes.items())
    return f"{proof.architecture.name}{f' at {at}' if at else ''}"


def _cells(row: Row) -> tuple[str, ...]:
    executed = "failed" if row.executed is None else ", ".join(show(shape) for shape in row.executed)
    return (
        row.layer.path,
        row.layer.type,
        ", ".join(show(shape) for shape in row.predicted),
        executed,
        _both(row.predicted_params, row.executed_params),
        _both(row.predicted_macs, row.executed_macs),
        "ok" if row.ok else "DIFFERS",
    )


def _both(predicted: int, executed: int) -> str:
    return f"{predicted:,}" if predicted == executed else f"{predicted:,} / {executed:,}"


def _tried(proof: Proof) -> str:
    names = list(dict.fromkeys(name for trial in proof.trials for name in trial.sizes))
    tried = [f"{name} = {' and '.join(str(trial.sizes[name]) for trial in proof.trials)}" for name in names]
    return f" at {', '.join(tried)}" if tried else ""
