"""One step of training: forwards with masks and the batch's own statistics, through the loss, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.execution.lowering import calls_of, numbers
from shapecalc.execution.training.datasets import unfit
from shapecalc.reference.backpropagation import back_propagate, forward
from shapecalc.reference.base import Work
from shapecalc.reference.executor import ExecutionError, execute
from shapecalc.reference.losses import Loss, binary_cross_entropy, cross_entropy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.dims import Shape
    from shapecalc.reference.base import Array, Call
    from shapecalc.shape_inference.report import LayerReport, Report

UNBIASED = 1
"""What PyTorch takes off the count of numbers for the variance that it keeps."""


class Pupil(NamedTuple):
    """A network as it is trained: its calls up to the logits, the slot where these stand, the loss, and its input."""

    report: Report
    calls: tuple[Call, ...]
    logits: str
    loss: str
    entry: str


def pupil(report: Report) -> Pupil:
    """Return the calls of a network up to its logits.

    Raises `ShapecalcError` SC703 where a layer does in training what is not done here.
    """
    architecture = report.architecture
    calls = tuple(calls_of(report))
    rows = {row.path: row for row in report.layers}
    for row in rows.values():
        if (unsupported := row.step.layer.unsupported_in_training) is not None:
            what, instead = unsupported
            raise unfit(architecture, f"`{row.path}` {what}, which is not trained here", f"write `{instead}`")
    (slot,) = architecture.leaving.values()
    loss = "cross_entropy"
    (last,) = [call for call in calls if slot in call.outputs]
    readers = [call for call in calls if slot in call.inputs]
    rank = len(next(iter(report.outputs.values())))
    folded = rows[last.path].step.layer.loss
    if folded is not None and not readers and last.fields.get("dim", -1) % rank == rank - 1:
        loss, slot = folded, last.inputs[0]
        calls = tuple(call for call in calls if call is not last)
    return Pupil(report, calls, slot, loss, architecture.inputs[0].name)


def outcome(one: Pupil, parameters: Mapping[str, Array], inputs: Array) -> Array:
    """Return the logits in evaluation: nothing dropped, running statistics used."""
    run = execute((_with(call, parameters) for call in one.calls), {one.entry: inputs})
    try:
        for _ in run:
            pass
    except ExecutionError as error:
        raise _failed(one, error) from None
    return run.values[one.logits]


def graded(one: Pupil, logits: Array, targets: Array) -> Loss:
    """Return the mean loss over all targets; the last axis of the logits has a score per class."""
    rows, classes = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)
    with np.errstate(all="ignore"):  # of infinite logits the loss is no number, which is said where it is read
        if one.loss == "cross_entropy":
            value, gradient = cross_entropy(rows, classes)
        else:
            value, gradient = binary_cross_entropy(rows, np.eye(rows.shape[1], dtype=rows.dtype)[classes])
    return Loss(value, gradient.reshape(logits.shape))


class TrainedStep(NamedTuple):
    """What one batch gave: its loss, the gradients by path, and the running statistics after it."""

    loss: float
    gradients: Mapping[str, Array]
    statistics: Mapping[str, Array]


def step(
    one: Pupil,
    parameters: Mapping[str, Array],
    inputs: Array,
    targets: Array,
    *,
    random: np.random.Generator,
    truncate: int | None = None,
) -> TrainedStep:
    """Go forwards and back once. What is dropped is drawn from `random`.

    Raises `ShapecalcError` SC702 where a layer has no way back.
    """
    rows = {row.path: row for row in one.report.layers}
    calls = [_in_training(_with(call, parameters), rows[call.path], random) for call in one.calls]
    try:
        tape = forward(calls, {one.entry: inputs})
        # A norm reads what an earlier layer gave: the tape holds it until the way back has used it up.
        statistics = {
            path: array
            for call in calls
            if "running_mean" in call.parameters
            for path, array in _statistics(call, tape.values[call.inputs[0]]).items()
        }
        loss = graded(one, tape.values[one.logits], targets)
        found = back_propagate(tape, {one.logits: loss.gradient}, truncate=truncate)
    except ExecutionError as error:
        raise _failed(one, error) from None
    return TrainedStep(loss.value, found.parameters, statistics)


def _with(call: Call, parameters: Mapping[str, Array]) -> Call:
    own = {name: parameters[f"{call.owner}.{name}"] for name in call.parameters}
    return replace(call, parameters=own, work=Work())


def _in_training(call: Call, row: LayerReport, random: np.random.Generator) -> Call:
    """Return a call as in training: masks beside its parameters, a batch norm by the batch's own statistics."""
    if "running_mean" in call.parameters:
        return replace(call, fields={**call.fields, "track_running_stats": False})
    masks = row.step.layer.masks(*row.inputs, row.output)
    drawn = {name: _mask(shape, p, random) for name, (shape, p) in masks.items()}
    return replace(call, parameters={**call.parameters, **drawn}) if drawn else call


def _mask(shape: Shape, p: float, random: np.random.Generator) -> Array:
    """0 with probability p, else 1/(1 − p), so that the mean stays."""
    kept = random.random(numbers(shape), dtype=np.float32) >= p
    mask: Array = kept / np.float32(1 - p if p < 1 else 1)
    return mask


def _statistics(call: Call, x: Array) -> dict[str, Array]:
    """The running statistics of a batch norm after a batch: a share `momentum` of it, the rest of what was.

    Source: torch.nn.BatchNorm2d.
    """
    share = call.fields["momentum"]
    axes = (0, *range(2, x.ndim))
    count = x.size // x.shape[1]
    batch = {"running_mean": x.mean(axis=axes), "running_var": x.var(axis=axes) * count / max(count - UNBIASED, 1)}
    return {
        f"{call.owner}.{name}": (1 - share) * call.parameters[name] + share * array for name, array in batch.items()
    }


def _failed(one: Pupil, error: ExecutionError) -> ShapecalcError:
    return ShapecalcError((Diagnostic(code="SC702", message=str(error)),), one.report.architecture.file)
