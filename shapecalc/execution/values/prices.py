"""The memory and the operations of a run that shows its values."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from shapecalc.costs.liveness import output_slots
from shapecalc.costs.training_step import OPTIMIZERS
from shapecalc.execution.budget import check_memory, check_operations
from shapecalc.execution.gradient_check import BYTES, backward_price
from shapecalc.execution.lowering import concrete, price, workspace
from shapecalc.execution.run import parameter_shapes
from shapecalc.execution.values.gates import gates_workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.execution.budget import Budget, Price
    from shapecalc.execution.values.updates import Update
    from shapecalc.shape_inference.report import Report


def values_price(
    report: Report,
    itemsize: int,
    retained: Callable[[str, str, int], bool],
    detailed: Callable[[str], bool] = lambda _path: False,
    *,
    backward: bool,
    update: Update | None,
) -> Price:
    """Return the peak memory of a run, computed from shapes: all weights are live, and all retained tensors."""
    weights = {path: prod(concrete(shape)) for path, shape in parameter_shapes(report).items()}
    outputs = [
        (row.path, slot, prod(concrete(shape))) for row in report.layers for slot, shape in output_slots(row).items()
    ]
    saved = sum(size for path, slot, size in outputs if retained(path, slot, size))
    largest = max([*weights.values(), *(size for _, _, size in outputs)])
    run = _scaled(backward_price(report), itemsize) if backward else price(report, itemsize=itemsize)
    total = sum(weights.values())
    # Backward, the values are those of the tape, and their gradients are retained; else all weights are live.
    more = saved if backward else saved + total - run.weights // itemsize
    if update is not None:
        more += (2 + OPTIMIZERS[update.optimizer]) * total
    rows = [row for row in report.layers if detailed(row.path)]
    temporaries = sum(workspace(row, itemsize) + gates_workspace(row, itemsize) for row in rows)
    # The figures of a tensor take two more of its size, in float64. Intermediate ones are in the workspace, and copied.
    return replace(
        run,
        peak=run.peak + itemsize * more + 2 * BYTES * largest + 3 * temporaries,
        activations=run.activations + itemsize * more,
        workspace=run.workspace + 2 * BYTES * largest + 3 * temporaries,
    )


def _scaled(float64: Price, itemsize: int) -> Price:
    """Return a price in float64 as that in elements of `itemsize` bytes."""

    def part(size: int) -> int:
        return -(-size * itemsize // BYTES)

    return replace(
        float64,
        peak=part(float64.peak),
        weights=part(float64.weights),
        activations=part(float64.activations),
        workspace=part(float64.workspace),
    )


def check_price(report: Report, peak: Price, budget: Budget, *, backward: bool, steps: int) -> None:
    """Raise `ShapecalcError` SC701 or SC705, before anything is allocated, if a run would exceed the budget."""
    check_memory(report, peak, budget)
    flops = report.totals.flops
    assert isinstance(flops, int)  # every symbol has a size
    # A product of the forward pass has two in the backward pass; each step of an optimizer takes both passes.
    passes = 3 * max(steps, 1) + (1 if steps else 0) if backward else 1
    check_operations(report, passes * flops, budget)
