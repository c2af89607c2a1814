"""Back-propagation through time of a network with recurrent layers: its loss at each step, or after the last."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.execution.bptt import MOST_HEAD_STEPS, Propagated, propagate_back
from shapecalc.execution.budget import BUDGET, Budget, check_operations, memory_errors_as_diagnostics
from shapecalc.execution.lowering import calls_of, concrete
from shapecalc.execution.recurrent_inputs import MOST_STEPS
from shapecalc.execution.recurrent_targets import CLASSES, VALUES, targets_of
from shapecalc.execution.run import as_dtype, refused
from shapecalc.execution.values.arguments import RANDOM, Drawn, filled_inputs, given_inputs, report_of, weights_of
from shapecalc.execution.values.objective import read_slot
from shapecalc.execution.values.prices import check_price, values_price
from shapecalc.layers.recurrence import Recurrent
from shapecalc.reference.executor import ExecutionError
from shapecalc.reference.losses import LOSSES, Targets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from shapecalc.architecture import Architecture
    from shapecalc.reference.base import Array
    from shapecalc.shape_inference.report import Report

FLOAT64 = 8
OBJECTS = 8 * 1024
"""At most as many bytes of a step in one pass are those of Python's objects that hold its numbers."""
SEQUENCE = 3
"""Axes of an output that has a step for each one of the input."""


def bptt(
    architecture: Architecture,
    inputs: Mapping[str, ArrayLike] | ArrayLike = "random",
    params: Mapping[str, ArrayLike] | str = "random",
    *,
    target: ArrayLike | None = None,
    loss: str | None = None,
    reduction: str = "sum",
    truncate: int | None = None,
    sizes: Mapping[str, int] | None = None,
    seed: int = 0,
    budget: Budget = BUDGET,
) -> Propagated:
    """Return a network propagated back through time, with the gradients of every step of its recurrent layers.

    `inputs`, `params`, `sizes` and `seed` are those of `values`. The output is a sequence with a loss at each step, or
    [N, C], with a loss after the last. The `target`, by default random, has a class or values for each step, or for the
    last one alone; the default loss fits it. Cross-entropy reads the input of a last softmax. The `reduction` is `sum`
    or `mean`; with `truncate` of k no gradient passes every k steps, counted from the last.
    Raises `ShapecalcError` SC702 for a network without a recurrent layer, or arrays that do not fit; SC701 or SC705
    if it would exceed `budget`; `LayerError` of the field `target` or `loss`.
    """
    arrays, words = given_inputs(architecture, inputs, "float64")
    report = report_of(architecture, arrays, sizes or {})
    layers = {row.path: row.step.layer for row in report.layers if isinstance(row.step.layer, Recurrent)}
    if not layers:
        help_text = "for the gradients of any network use `shapecalc run --backward`"
        raise refused(f"`{architecture.name}` has no recurrent layer", help_text)
    for path, layer in layers.items():
        if not layer.is_taken_apart:
            help_text = "for its gradients use `shapecalc run --backward`"
            raise refused(f"the steps of `{path}` are not shown: only those of the usual equations are", help_text)
    _check_budget(report, layers, budget)
    output = _output(report)
    arrays |= filled_inputs(report, words, seed, "float64")
    weights, drawn_weights = weights_of(report, params, seed, "float64")
    random_inputs = tuple(name for name, word in words.items() if word == RANDOM)
    random_targets = () if target is not None else ("target",)
    drawn = Drawn((*random_inputs, *random_targets), tuple(drawn_weights), len(weights), seed)
    shape, batch_first = _steps(report, output, layers)
    if target is None:
        loss = loss or (CLASSES if shape[2] > 1 else VALUES)
        numbers = _random(shape, loss, seed)
    else:
        numbers = as_dtype("target", target, "float64").astype(np.float64, copy=False)
    chosen = targets_of(numbers, shape, loss, batch_first=batch_first)
    slot, _ = read_slot(LOSSES[chosen.name], report, output)
    calls = [replace(call, frees=()) for call in calls_of(report, params=weights)]
    calls = calls[: 1 + max(place for place, call in enumerate(calls) if slot in call.outputs or call.path in layers)]
    heads = (call for call in calls if call.outputs == (slot,) and call.parameters and call.path not in layers)
    head = next((call.path for call in heads if shape[0] > 1), None)
    with memory_errors_as_diagnostics(architecture):
        try:
            result = propagate_back(
                architecture.name,
                calls,
                arrays,
                slot,
                chosen._replace(reduction=reduction),
                layers=layers,
                batch_first=batch_first,
                head=head,
                truncate=truncate,
            )
            return replace(result, drawn=drawn)
        except ExecutionError as error:
            raise refused(str(error)) from None


def _output(report: Report) -> str:
    """Return the name of the only output."""
    outputs = report.architecture.output_slots
    if len(outputs) != 1:
        raise refused(f"`{report.architecture.name}` expects one output, has {len(outputs)}: {', '.join(outputs)}")
    (output,) = outputs
    return output


def _steps(report: Report, output: str, layers: Mapping[str, Recurrent]) -> tuple[tuple[int, int, int], bool]:
    """Return the predictions as [T, N, C], with one step of an output [N, C], and whether the batch is first."""
    shape = concrete(report.outputs[output])
    last = next(row for row in reversed(report.layers) if row.path in layers)
    layer, reads = layers[last.path], concrete(last.inputs[0])
    steps, samples = reads[layer.time_axis], reads[1 - layer.time_axis]
    if shape[:-1] == (samples,):
        return (1, samples, shape[-1]), layer.batch_first
    if len(shape) == SEQUENCE and (shape[layer.time_axis], shape[1 - layer.time_axis]) == (steps, samples):
        return (steps, samples, shape[-1]), layer.batch_first
    order = "[N, T, C]" if layer.batch_first else "[T, N, C]"
    wanted = f"an output {order} or [N, C] with N = {samples}, T = {steps}"
    raise refused(f"`{report.architecture.name}` expects {wanted}, has {list(shape)}")


def _random(shape: tuple[int, int, int], loss: str, seed: int) -> Array:
    """Return random targets of every step, flat: classes, or values from 0 to 1, which suit every loss of values."""
    random = np.random.default_rng([seed, prod(shape)])
    if loss in LOSSES and LOSSES[loss].targets is Targets.CLASSES:
        steps, samples, classes = shape
        return random.integers(0, classes, steps * samples).astype(np.float64)
    return random.random(prod(shape))


def _check_budget(report: Report, layers: Mapping[str, Recurrent], budget: Budget) -> None:
    """Raise `ShapecalcError` SC701 or SC705 before anything is allocated.

    In addition to a run with gradients, each step has its gates and its contributions to every weight, and those to the
    weights of a head, which can only be the last layer with weights.
    """
    longest = max(concrete(row.inputs[0])[layers[row.path].time_axis] for row in report.layers if row.path in layers)
    if longest > MOST_STEPS:
        message = f"a sequence of {longest:,} steps is unrolled, more than the {MOST_STEPS:,} allowed"
        raise ShapecalcError((Diagnostic(code="SC705", message=message, help="give fewer with `--set`"),))
    peak = values_price(report, FLOAT64, lambda *_: True, backward=True, update=None)
    own = {row.path: sum(prod(concrete(shape)) for shape in row.facts.parameters.values()) for row in report.layers}
    last = [path for path, size in own.items() if size][-1]
    more = 0 if last in layers else FLOAT64 * min(longest, MOST_HEAD_STEPS) * own[last]
    for row in report.layers:
        if row.path in layers:
            x, layer = concrete(row.inputs[0]), layers[row.path]
            steps, samples, passes = x[layer.time_axis], x[1 - layer.time_axis], layer.directions * layer.num_layers
            numbers = own[row.path] + 8 * samples * layer.gates * layer.hidden_size * passes
            more += steps * (FLOAT64 * numbers + OBJECTS * passes)
    peak = replace(peak, peak=peak.peak + more, activations=peak.activations + more)
    check_price(report, peak, budget, backward=True, steps=0)
    flops = report.totals.flops
    assert isinstance(flops, int)  # every symbol has a size
    check_operations(report, 6 * flops, budget)  # the recurrent layers are propagated twice
