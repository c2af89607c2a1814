"""One training step: the forward pass with dropout masks and batch statistics, the loss, and the backward pass."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.execution.lowering import calls_of, concrete
from shapecalc.execution.training.datasets import unfit
from shapecalc.reference.backpropagation import back_propagate, forward
from shapecalc.reference.base import Work
from shapecalc.reference.executor import ExecutionError, execute
from shapecalc.reference.losses import Loss, binary_cross_entropy, cross_entropy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.dims import Shape
    from shapecalc.reference.base import Array, Call
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

UNBIASED = 1
"""PyTorch's running variance is unbiased: the sum of squares is divided by the count minus this."""


class Model(NamedTuple):
    """A network for training: its calls up to the logits, the slot of the logits, the loss, and its input."""

    report: Report
    calls: tuple[Call, ...]
    logits: str
    loss: str
    entry: str


def model_of(report: Report) -> Model:
    """Return a network as a model.

    Raises `ShapecalcError` SC703 if a layer's training behaviour is not implemented here.
    """
    architecture = report.architecture
    calls = tuple(calls_of(report))
    rows = {row.path: row for row in report.layers}
    for row in rows.values():
        if (unsupported := row.step.layer.unsupported_in_training) is not None:
            what, instead = unsupported
            raise unfit(architecture, f"`{row.path}` {what}, which is not trained here", f"write `{instead}`")
    (slot,) = architecture.output_slots.values()
    loss = "cross_entropy"
    (last,) = [call for call in calls if slot in call.outputs]
    readers = [call for call in calls if slot in call.inputs]
    rank = len(next(iter(report.outputs.values())))
    folded = rows[last.path].step.layer.loss
    if folded is not None and not readers and last.fields.get("dim", -1) % rank == rank - 1:
        loss, slot = folded, last.inputs[0]
        calls = tuple(call for call in calls if call is not last)
    return Model(report, calls, slot, loss, architecture.inputs[0].name)


def predict(model: Model, parameters: Mapping[str, Array], inputs: Array) -> Array:
    """Return the logits in evaluation mode: without dropout, with running statistics."""
    run = execute((_with(call, parameters) for call in model.calls), {model.entry: inputs})
    try:
        for _ in run:
            pass
    except ExecutionError as error:
        raise _failed(model, error) from None
    return run.values[model.logits]


def loss_of(model: Model, logits: Array, targets: Array) -> Loss:
    """Return the mean loss over all targets; the last axis of the logits has a score per class."""
    rows, classes = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)
    with np.errstate(all="ignore"):  # infinite logits give a loss of NaN, which the caller reports
        if model.loss == "cross_entropy":
            value, gradient = cross_entropy(rows, classes)
        else:
            value, gradient = binary_cross_entropy(rows, np.eye(rows.shape[1], dtype=rows.dtype)[classes])
    return Loss(value, gradient.reshape(logits.shape))


class TrainedStep(NamedTuple):
    """The result of one batch: its loss, gradients (keys: parameter paths), and updated statistics."""

    loss: float
    gradients: Mapping[str, Array]
    statistics: Mapping[str, Array]


def step(
    model: Model,
    parameters: Mapping[str, Array],
    inputs: Array,
    targets: Array,
    *,
    random: np.random.Generator,
    truncate: int | None = None,
) -> TrainedStep:
    """Run the forward and backward pass on one batch; dropout masks are drawn from `random`.

    Raises `ShapecalcError` SC702 if a layer has no backward pass.
    """
    rows = {row.path: row for row in model.report.layers}
    calls = [_in_training(_with(call, parameters), rows[call.path], random) for call in model.calls]
    try:
        tape = forward(calls, {model.entry: inputs})
        # The backward pass frees values of the tape, so statistics of a norm's input are computed before it.
        statistics = {
            path: array
            for call in calls
            if "running_mean" in call.parameters
            for path, array in _statistics(call, tape.values[call.inputs[0]]).items()
        }
        loss = loss_of(model, tape.values[model.logits], targets)
        gradients = back_propagate(tape, {model.logits: loss.gradient}, truncate=truncate)
    except ExecutionError as error:
        raise _failed(model, error) from None
    return TrainedStep(loss.value, gradients.parameters, statistics)


def _with(call: Call, parameters: Mapping[str, Array]) -> Call:
    own = {name: call.turned(name, parameters[call.tensor(name)]) for name in call.parameters}
    return replace(call, parameters=own, work=Work())


def _in_training(call: Call, row: LayerReport, random: np.random.Generator) -> Call:
    """Return a call in training mode: with masks among its parameters, a batch norm by the batch's statistics."""
    if "running_mean" in call.parameters:
        return replace(call, fields={**call.fields, "track_running_stats": False})
    masks = row.step.layer.masks(*row.inputs, row.output)
    drawn = {name: drawn_mask(shape, p, random) for name, (shape, p) in masks.items()}
    return replace(call, parameters={**call.parameters, **drawn}) if drawn else call


def drawn_mask(shape: Shape, p: float, random: np.random.Generator) -> Array:
    """Return a mask that is 0 with probability p, else 1/(1 − p), so that its mean is 1."""
    retained = random.random(concrete(shape), dtype=np.float32) >= p
    mask: Array = retained / np.float32(1 - p if p < 1 else 1)
    return mask


def _statistics(call: Call, x: Array) -> dict[str, Array]:
    """Return the running statistics of a batch norm after a batch: momentum · batch + (1 − momentum) · previous.

    Source: torch.nn.BatchNorm2d.
    """
    momentum = call.fields["momentum"]
    axes = (0, *range(2, x.ndim))
    count = x.size // x.shape[1]
    batch = {"running_mean": x.mean(axis=axes), "running_var": x.var(axis=axes) * count / max(count - UNBIASED, 1)}
    return {
        call.tensor(name): (1 - momentum) * call.parameters[name] + momentum * array for name, array in batch.items()
    }


def _failed(model: Model, error: ExecutionError) -> ShapecalcError:
    return ShapecalcError((Diagnostic(code="SC702", message=str(error)),), model.report.architecture.file)
