"""A run of a network that returns every value, and on request every gradient and the weights after updates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.costs.liveness import output_slots
from shapecalc.execution.budget import BUDGET, memory_errors_as_diagnostics
from shapecalc.execution.lowering import calls_of
from shapecalc.execution.run import refused
from shapecalc.execution.values.arguments import filled_inputs, given_inputs, report_of, weights_of
from shapecalc.execution.values.gates import gates_of
from shapecalc.execution.values.objective import Objective, losses_of, seeds_of
from shapecalc.execution.values.prices import check_price, values_price
from shapecalc.execution.values.records import (
    ACTIVATION,
    PRE_ACTIVATION,
    Measured,
    NetworkValues,
    StepRecord,
    TensorRecord,
)
from shapecalc.reference.backpropagation import Tape, propagate
from shapecalc.reference.executor import ExecutionError, run

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from shapecalc.architecture import Architecture
    from shapecalc.execution.budget import Budget
    from shapecalc.execution.values.objective import LossRecord
    from shapecalc.execution.values.updates import Update
    from shapecalc.reference.base import Array
    from shapecalc.reference.optimizers import State
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

Retained = Callable[[str, str, int], bool]
"""Whether the elements of a tensor are part of the result: the path of its layer, its name, its size."""


Detailed = Callable[[str], bool]
"""Whether the intermediate tensors of a layer are part of the result, by its path."""


class RecordedRun:
    """The intermediate tensors that a kernel names; one that it names at each time step is stacked."""

    def __init__(self) -> None:
        self._arrays: dict[str, list[Array]] = {}

    def add(self, name: str, array: Array) -> Array:
        """Record a tensor, which the kernel may overwrite later, and return it."""
        self._arrays.setdefault(name, []).append(np.array(array))
        return array

    def arrays(self) -> dict[str, Array]:
        """Return the tensors by name, those of one name and shape along a new first axis."""
        named: dict[str, Array] = {}
        for name, arrays in self._arrays.items():
            if len({array.shape for array in arrays}) == 1:
                named[name] = arrays[0] if len(arrays) == 1 else np.stack(arrays)
            else:
                named |= {f"{name} {number}": array for number, array in enumerate(arrays, 1)}
        return named


class _Pass(NamedTuple):
    """One forward pass: the result for each layer, and every value by slot if it is for a backward pass."""

    outputs: dict[str, Measured]
    intermediates: dict[str, dict[str, Measured]]
    tape: Tape


def values(
    architecture: Architecture,
    inputs: Mapping[str, ArrayLike] | ArrayLike = "random",
    params: Mapping[str, ArrayLike] | str = "random",
    *,
    sizes: Mapping[str, int] | None = None,
    seed: int = 0,
    dtype: str = "float64",
    objective: Objective | None = None,
    backward: bool = True,
    update: Update | None = None,
    truncate: int | None = None,
    retained: Retained = lambda _path, _name, _size: True,
    detailed: Detailed = lambda _path: False,
    budget: Budget = BUDGET,
    progress: Callable[[str, int, int], None] | None = None,
) -> NetworkValues:
    """Run a network in evaluation mode and return every value; with an `objective`, its gradient with respect to each.

    Without `backward` there are no gradients, and the objective is only evaluated.

    Inputs and parameters are arrays by name, or a word of `WORDS` for all or for some of them; parameters that are not
    given are random. Symbols take the sizes of the arrays, others those of `sizes`, else as `verify` tries them first.
    An `update` takes steps of an optimizer. Tensors that are not `retained` have their figures only; of
    `detailed` layers the result has what their kernels compute on the way, such as the weights of an attention.
    Raises `ShapecalcError` SC702 if an array is missing, unknown or does not fit, SC701 or SC705 before anything is
    allocated if the run would exceed `budget`.
    """
    arrays, words = given_inputs(architecture, inputs, dtype)
    report = report_of(architecture, arrays, sizes or {})
    backward = objective is not None and (backward or update is not None)
    peak = values_price(report, np.dtype(dtype).itemsize, retained, detailed, backward=backward, update=update)
    check_price(report, peak, budget, backward=backward, steps=update.steps if update else 0)
    with memory_errors_as_diagnostics(architecture):
        arrays |= filled_inputs(report, words, seed, dtype)
        weights, drawn = weights_of(report, params, seed, dtype)
        network = _BoundNetwork(
            report, arrays, weights, frozenset(drawn) | {n for n, w in words.items() if w == "random"}
        )
        try:
            return _computed(network, seed, dtype, objective, backward, update, truncate, retained, detailed, progress)
        except ExecutionError as error:
            raise refused(str(error)) from None


class _BoundNetwork(NamedTuple):
    report: Report
    inputs: Mapping[str, Array]
    weights: dict[str, Array]
    drawn: frozenset[str]
    """The names of inputs and the paths of parameters that are random."""


def _computed(
    network: _BoundNetwork,
    seed: int,
    dtype: str,
    objective: Objective | None,
    backward: bool,
    update: Update | None,
    truncate: int | None,
    retained: Retained,
    detailed: Detailed,
    progress: Callable[[str, int, int], None] | None,
) -> NetworkValues:
    report = network.report
    passes = 1 if update is None else update.steps + 1
    total, done = passes * len(report.layers), iter(range(passes * len(report.layers)))

    def notify(path: str) -> None:
        if progress is not None:
            progress(path, next(done), total)

    first = _forward(network, network.weights, dtype, notify, measure=(retained, detailed), taped=objective is not None)
    if objective is None:
        return _result(network, seed, dtype, first, {}, {}, {}, retained)
    trainable = report.trained
    if update is not None:
        update.check(trainable)

    def evaluated(tape: Tape) -> tuple[tuple[LossRecord, ...], float, dict[str, Array]]:
        losses = losses_of(objective, report, tape.values, dtype) if objective.loss is not None else ()
        return losses, *seeds_of(objective, losses, report, tape.values)

    losses, value, seeds = evaluated(first.tape)
    slots, gradients = _backward(first.tape, seeds, truncate) if backward else ({}, {})
    totals, weights, later = [value], network.weights, gradients
    state: State = {}
    for step in range(update.steps if update is not None else 0):
        assert update is not None
        own = {path: gradient for path, gradient in later.items() if path in trainable}
        weights, state = update.apply(weights, own, state)
        again = _forward(network, weights, dtype, notify, measure=None, taped=True)
        _, value, seeds = evaluated(again.tape)
        totals.append(value)
        if step + 1 < update.steps:
            _, later = _backward(again.tape, seeds, truncate)
    changed = {path: array for path, array in weights.items() if update is not None and path in trainable}
    result = _result(network, seed, dtype, first, slots, gradients, changed, retained)
    return replace(result, objective=objective, losses=losses, totals=tuple(totals), update=update)


def _forward(
    network: _BoundNetwork,
    weights: Mapping[str, Array],
    dtype: str,
    notify: Callable[[str], None],
    *,
    measure: tuple[Retained, Detailed] | None,
    taped: bool,
) -> _Pass:
    values = dict(network.inputs)
    outputs: dict[str, Measured] = {}
    intermediates: dict[str, dict[str, Measured]] = {}
    calls, executed = [], []
    for row, call in zip(network.report.layers, calls_of(network.report, params=weights), strict=True):
        notify(call.path)
        recorded = RecordedRun()
        detailed = measure is not None and measure[1](call.path)
        if detailed:
            call.work.trace = recorded.add
        executed.append(run(replace(call, frees=()), values, dtype=np.dtype(dtype)))
        if measure is not None:
            outputs |= {
                slot: Measured.of(values[slot], retained=measure[0](call.path, slot, values[slot].size))
                for slot in call.outputs
            }
            call.work.trace = None  # what the backward kernel computes is not recorded
            arrays = recorded.arrays()
            if detailed:
                read, written = (tuple(values[slot] for slot in slots) for slots in (call.inputs, call.outputs))
                arrays |= gates_of(row, call, read, written)
            intermediates[call.path] = {
                name: Measured.of(array, retained=measure[0](call.path, name, array.size))
                for name, array in arrays.items()
            }
        if taped:
            calls.append(call)
        else:
            for slot in call.frees:
                values.pop(slot, None)
    return _Pass(outputs, intermediates, Tape(calls, values, tuple(executed)))


def _backward(
    tape: Tape, seeds: Mapping[str, Array], truncate: int | None
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the gradients with respect to slots, inputs among them, and to parameters by path."""
    slots: dict[str, Array] = {}

    def record(ctx: Any, arriving: tuple[Array | None, ...], _given: Any) -> None:
        pairs = zip(ctx.call.outputs, arriving, strict=True)
        slots.update({slot: gradient for slot, gradient in pairs if gradient is not None})

    propagation = propagate(tape, seeds, truncate=truncate, hook=record)
    for _ in propagation:
        pass
    return {**slots, **propagation.slots}, propagation.parameters


def _result(
    network: _BoundNetwork,
    seed: int,
    dtype: str,
    done: _Pass,
    slots: Mapping[str, Array],
    gradients: Mapping[str, Array],
    updated: Mapping[str, Array],
    retained: Retained,
) -> NetworkValues:
    report = network.report
    labels = _labels(report)

    def record(name: str, value: Measured, gradient: Array | None) -> TensorRecord:
        keep = value.array is not None
        return TensorRecord(
            name,
            labels.get(name, ""),
            value,
            None if gradient is None else Measured.of(gradient, retained=keep),
            Measured.of(updated[name], retained=keep) if name in updated else None,
            name in network.drawn,
        )

    def parameter(row: LayerReport, name: str) -> TensorRecord:
        path = row.step.tensor(name)
        array = network.weights[path]
        value = Measured.of(array, retained=retained(row.path, path, array.size))
        return record(path, value, gradients.get(path) if path in report.trained else None)

    inputs = tuple(
        record(name, Measured.of(array, retained=retained(name, name, array.size)), slots.get(name))
        for name, array in network.inputs.items()
    )
    own = {slot: gradient for slot, gradient in gradients.items() if slot in report.trained}
    steps = tuple(
        StepRecord(
            row,
            tuple(parameter(row, name) for name in row.facts.tensors if name and row.step.owns(name)),
            # The gradient of a parameter as a step is that of all its uses, also as the weight of another step.
            tuple(record(slot, done.outputs[slot], own.get(slot, slots.get(slot))) for slot in output_slots(row)),
            tuple(record(f"{row.path}.{name}", part, None) for name, part in done.intermediates[row.path].items()),
        )
        for row in report.layers
    )
    return NetworkValues(report, dtype, seed, inputs, steps)


def _labels(report: Report) -> dict[str, str]:
    """Return the slots that are activations, and those that an activation layer reads: pre-activations."""
    activations = [row for row in report.layers if row.step.layer.is_activation]
    inputs = {entry.name for entry in report.inputs}
    read = chain.from_iterable(row.step.inputs for row in activations)
    return {
        **{slot: PRE_ACTIVATION for slot in read if slot not in inputs},
        **{row.path: ACTIVATION for row in activations},
    }
