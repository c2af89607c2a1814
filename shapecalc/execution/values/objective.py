"""The scalar that is differentiated: a loss of outputs and their targets, or the sum of the outputs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.diagnostics import LayerError
from shapecalc.diagnostics.numbers import finite
from shapecalc.execution.run import as_dtype, refused
from shapecalc.execution.values.loss import checked_options
from shapecalc.execution.values.plain import plain
from shapecalc.reference.losses import LOSSES, Targets

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from shapecalc.reference.base import Array
    from shapecalc.reference.losses import LossEntry
    from shapecalc.shape_inference.report import Report


class Objective(NamedTuple):
    """What is differentiated: a loss of `LOSSES` with its targets, one array or arrays by output; None: the sum.

    A `reduction` of None is that of the loss; `options` are those of `checked_options`.
    """

    loss: str | None = None
    targets: Mapping[str, ArrayLike] | ArrayLike | None = None
    reduction: str | None = None
    options: Mapping[str, float] = MappingProxyType({})


class LossRecord(NamedTuple):
    """The loss of one output: predictions [samples, classes] or any shape, targets, the term of each, and the total.

    `includes` is the path of the last layer if the loss includes it, such as a softmax: predictions are its input.
    """

    output: str
    slot: str
    entry: LossEntry
    reduction: str
    options: Mapping[str, float]
    predictions: Array
    targets: Array
    terms: Array
    value: float
    gradient: Array
    includes: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the loss as JSON's values."""
        return {
            "output": self.output,
            "reads": self.slot,
            "loss": self.entry.name,
            "reduction": self.reduction,
            "options": dict(self.options),
            "targets": self.targets.tolist(),
            "terms": plain(self.terms.tolist()),
            "value": finite(self.value),
        }


def losses_of(objective: Objective, report: Report, values: Mapping[str, Array], dtype: str) -> tuple[LossRecord, ...]:
    """Return the loss of each output that has targets; `values` are those of all slots.

    A loss that includes the last layer, as cross-entropy does a softmax, reads the input of that layer.
    Raises `ShapecalcError` SC702 if targets do not fit, or are missing, or an option is not one of the loss.
    """
    assert objective.loss is not None
    entry = LOSSES[objective.loss]
    try:
        options = checked_options(entry, objective.options)
    except LayerError as error:
        raise refused(f"`{entry.name}` {error.message}") from None
    slots = report.architecture.output_slots
    targets = objective.targets
    if targets is None:
        raise refused(f"`{entry.name}` expects targets, receives none")
    if not isinstance(targets, Mapping):
        if len(slots) != 1:
            raise refused(f"`{entry.name}` expects targets of {' or '.join(slots)} by name, receives one array")
        targets = {next(iter(slots)): targets}
    unknown = [name for name in targets if name not in slots]
    if unknown:
        raise refused(f"`{entry.name}` expects targets of {' or '.join(slots)}, receives those of `{unknown[0]}`")
    reduction = objective.reduction or entry.reduction
    return tuple(_loss(entry, reduction, options, report, name, each, values, dtype) for name, each in targets.items())


def _loss(
    entry: LossEntry,
    reduction: str,
    options: Mapping[str, float],
    report: Report,
    output: str,
    given: ArrayLike,
    values: Mapping[str, Array],
    dtype: str,
) -> LossRecord:
    slot, included = read_slot(entry, report, output)
    predictions = values[slot]
    if predictions.dtype.kind != "f":
        raise refused(f"`{entry.name}` expects numbers with a point, `{output}` has integers")
    classes = entry.targets is Targets.CLASSES
    targets = as_dtype("target", given, "int64" if classes else dtype)
    axis = 1 if classes and predictions.ndim > 1 else 0
    if predictions.ndim and predictions.shape[0] == 1 and targets.ndim == predictions.ndim - axis - 1:
        targets = targets[None]  # one sample, without the axis of samples
    if not classes:
        targets = targets.astype(dtype, copy=False)
    elif (
        targets.ndim > 1
        and targets.shape == predictions.shape[:-1]
        and (_ends_in_features(report, slot) or not _second_axis(predictions, targets))
    ):
        # Classes are the last axis of a sequence [N, T, C]: each position is a sample.
        targets, predictions = targets.reshape(-1), predictions.reshape(-1, predictions.shape[-1])
    try:
        with np.errstate(all="ignore"):  # what is not finite shows in the loss
            value, gradient = entry.function(predictions, targets, reduction, **options)
            terms, _ = entry.function(predictions, targets, "none", **options)
    except (ValueError, IndexError) as error:
        raise refused(f"`{entry.name}` {error}") from None
    return LossRecord(
        output,
        slot,
        entry,
        reduction,
        options,
        predictions,
        targets,
        terms,
        value,
        gradient.reshape(values[slot].shape),
        included,
    )


def _ends_in_features(report: Report, slot: str) -> bool:
    """Return whether the last axis of a slot is the features of a layer, whatever the lengths of the others are."""
    rows = {row.path: row.step for row in report.layers}
    while slot in rows and rows[slot].layer.is_activation:
        (slot,) = rows[slot].inputs
    return slot in rows and "out_features" in rows[slot].layer.fields


def _second_axis(predictions: Array, targets: Array) -> bool:
    """Return whether targets fit predictions [N, C, *]."""
    return targets.shape == (predictions.shape[0], *predictions.shape[2:])


def read_slot(entry: LossEntry, report: Report, output: str) -> tuple[str, str | None]:
    """Return the slot that a loss of an output reads, and the path of the last layer if the loss includes it."""
    slot = report.architecture.output_slots[output]
    for row in report.layers:
        layer = row.step.layer
        if row.path == slot and entry.includes and layer.loss == entry.includes and layer.probabilities != "log":
            return row.step.inputs[0], row.path
    return slot, None


def seeds_of(
    objective: Objective, losses: tuple[LossRecord, ...], report: Report, values: Mapping[str, Array]
) -> tuple[float, dict[str, Array]]:
    """Return the scalar that is differentiated, and its gradients with respect to slots."""
    gradients: dict[str, Array] = {}
    if objective.loss is not None:
        for loss in losses:
            gradients[loss.slot] = gradients[loss.slot] + loss.gradient if loss.slot in gradients else loss.gradient
        return float(sum(loss.value for loss in losses)), gradients
    total = 0.0
    for slot in report.architecture.output_slots.values():
        if values[slot].dtype.kind == "f":
            gradients[slot] = gradients.get(slot, 0) + np.ones_like(values[slot])
            with np.errstate(all="ignore"):
                total += float(values[slot].sum())
    return total, gradients
