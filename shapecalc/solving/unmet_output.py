"""The output that a file expects and its network does not give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.architecture import Bounds
from shapecalc.dims import evaluate
from shapecalc.shape_inference.engine import infer
from shapecalc.solving.input_sizes import Wanted, output_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.architecture import Architecture


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
