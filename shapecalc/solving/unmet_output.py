"""The output that a file expects and its network does not give, and the output paddings that give it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import Bounds
from shapecalc.diagnostics import ShapecalcError
from shapecalc.dims import evaluate, show
from shapecalc.shape_inference.engine import infer
from shapecalc.solving.input_sizes import Wanted, output_of
from shapecalc.solving.unknown_fields import OUTPUT_PADDING, choose, pads_output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.shape_inference.report import Report
    from shapecalc.solving.unknown_fields import Value


def unmet_output(architecture: Architecture, at: str | None, sizes: Mapping[str, int] | None = None) -> Wanted | None:
    """Return the output that a file expects of a step, or of itself, if it has another; an unbound axis may be any."""
    expecting = architecture.expect
    if at is not None:
        expecting = next((step.expect for step in architecture.steps if step.path == at), ())
    stated = next((line.value for line in expecting if line.key == "output"), None)
    if stated is None or isinstance(stated, int | Bounds):
        return None
    bindings = {**architecture.sizes, **(sizes or {})}
    bound = [evaluate(dim, bindings) for dim in stated]
    wanted = Wanted(tuple(dim if isinstance(dim, int) else None for dim in bound))
    report, _ = infer(architecture, sizes=sizes)
    if report is not None:
        shape = output_of(report, at).shape
        if len(shape) >= len(wanted.sizes) and wanted.distance(shape) == 0:
            return None
    return wanted


def paddings_giving_it(report: Report, most: int) -> dict[str, str]:
    """Return the output paddings by step that give the output that a file expects; empty if no small number does.

    Nothing is tried if the output has other channels or depends on a symbol, or if no window is transposed.
    """
    architecture, steps = report.architecture, [step.path for step in report.architecture.steps if pads_output(step)]
    wanted = unmet_output(architecture, None, report.bindings) if steps and len(report.outputs) == 1 else None
    (shape,) = report.outputs.values() if wanted is not None else ((),)
    if wanted is None or len(wanted.sizes) != len(shape):
        return {}
    pairs = [*zip(shape, wanted.sizes, strict=True)]
    numbers = all(isinstance(dim, int) for dim, size in pairs if size is not None)
    if not numbers or any(dim != size for dim, size in pairs[1:2]):
        return {}
    try:
        choices = choose(architecture, [f"{steps[-1]}.{OUTPUT_PADDING}"], wanted, None, report.bindings, most)
    except ShapecalcError:
        return {}  # too many to try
    if choices.solutions:
        (value,) = choices.solutions[0].values
        return {steps[-1]: _said(value)}
    return {unknown.path: _said(value) for unknown, value in choices.together}


def _said(value: Value) -> str:
    return show(value) if isinstance(value, tuple) else str(value)
