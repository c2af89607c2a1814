"""Targets of a recurrent layer's loss as a user writes them, and its head: one linear layer on every state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.calculators.tracing import InexactError
from shapecalc.diagnostics import LayerError
from shapecalc.diagnostics.suggestions import closest
from shapecalc.dims import show
from shapecalc.execution.arrays import read_array
from shapecalc.execution.bptt import LossAt, Propagated, propagate_back
from shapecalc.execution.lowering import fields_as_written
from shapecalc.execution.unrolling import unroll
from shapecalc.layers.linear import Linear
from shapecalc.reference.base import Call
from shapecalc.reference.losses import LOSSES, Targets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.execution.recurrent_inputs import RecurrentCase
    from shapecalc.reference.base import Array

CLASSES, VALUES = "cross_entropy", "sum_of_squares"
"""The default loss for targets that are classes, and for others."""

HEAD = "head"


def propagated(
    case: RecurrentCase,
    texts: Mapping[str, str],
    *,
    loss: str | None,
    reduction: str = "sum",
    truncate: int | None = None,
    exact: bool = False,
) -> Propagated:
    """Return a layer propagated back through time from a loss of its states, or of a linear head on them.

    `texts` has the arrays by field: `target`, and `w_out` and `b_out` of the head.
    Raises `LayerError` for arrays that do not fit, `InexactError` if fractions have no exact state or loss.
    """
    layer, calls, output = case.layer, [case.call], case.call.outputs[0]
    arrays = {field: read_array(text, field, exact=exact) for field, text in texts.items()}
    features = layer.directions * layer.state_size
    if "w_out" in arrays:
        head = _head(arrays, features, output)
        calls.append(head)
        output, features = head.outputs[0], head.fields["out_features"]
    elif "b_out" in arrays:
        raise LayerError("SC106", expects="the weight of the head, `--w-out`", receives="none", field="b_out")
    x = case.inputs[0]
    steps, samples = x.shape[layer.time_axis], x.shape[1 - layer.time_axis]
    targets = targets_of(arrays["target"], (steps, samples, features), loss, batch_first=layer.batch_first)
    if exact:
        unroll(layer, case.call, case.inputs)
    try:
        result = propagate_back(
            layer.type,
            calls,
            dict(zip(case.call.inputs, case.inputs, strict=True)),
            output,
            targets._replace(reduction=reduction),
            layers={case.call.path: layer},
            batch_first=layer.batch_first,
            head=HEAD if len(calls) > 1 else None,
            truncate=truncate,
        )
        return replace(result, drawn=case.drawn)
    except TypeError:
        if not exact:
            raise
        raise InexactError(targets.name) from None


def _head(arrays: Mapping[str, Array], features: int, reads: str) -> Call:
    weight = np.atleast_2d(arrays["w_out"])
    if weight.shape[1] != features:
        raise LayerError("SC301", expects=f"[classes, {features}]", receives=show(weight.shape), field="w_out")
    bias = arrays.get("b_out")
    if bias is not None and bias.shape != (len(weight),):
        raise LayerError("SC301", expects=f"[{len(weight)}]", receives=show(bias.shape), field="b_out")
    layer = Linear(out_features=len(weight), bias=bias is not None)
    parameters = {"weight": weight} | ({} if bias is None else {"bias": bias})
    return Call(HEAD, layer.type, fields_as_written(layer), parameters, (reads,), (HEAD,))


def targets_of(target: Array, shape: tuple[int, int, int], loss: str | None, *, batch_first: bool) -> LossAt:
    """Return a loss, by default the one that fits, with targets of predictions [T, N, C].

    Targets are classes, [T, N], or values, [T, N, C], of every step, in the order of the axes that the layer has; or
    those of the last step alone.
    Raises `LayerError` of the field `target` or `loss`.

    >>> targets_of(np.array([1.0, 0.0, 2.0]), (3, 1, 4), None, batch_first=False)
    LossAt(name='cross_entropy', reduction='sum', targets=array([[1],
           [0],
           [2]]))
    >>> targets_of(np.array([0.5]), (3, 1, 1), None, batch_first=False).targets.shape
    (1, 1, 1)
    """
    steps, samples, classes = shape
    if loss is not None and loss not in LOSSES:
        near = closest(loss, tuple(LOSSES))
        help_text = f"write `{near}`" if near else None
        raise LayerError("SC203", expects=" or ".join(LOSSES), receives=f"`{loss}`", field="loss", help=help_text)
    integral = all(float(value).is_integer() for value in target.ravel().tolist())
    are_classes = target.size in (samples, steps * samples) or target.size not in (
        *(1, samples * classes, steps * samples * classes),
    )
    name = loss or (CLASSES if integral and classes > 1 and are_classes else VALUES)
    each = samples if LOSSES[name].targets is Targets.CLASSES else samples * classes
    if target.size == 1 and LOSSES[name].targets is Targets.VALUES:
        target = np.full(each, target.flat[0], dtype=target.dtype)
    if target.size not in (each, steps * each):
        inner = [] if LOSSES[name].targets is Targets.CLASSES else [classes]
        kind = "a class" if not inner else f"{classes} numbers"
        every = show((samples, steps, *inner) if batch_first else (steps, samples, *inner))
        expects = f"{kind} of each step, {every}, or of the last, {show((samples, *inner))}"
        raise LayerError("SC301", expects=expects, receives=show(target.shape), field="target")
    if LOSSES[name].targets is Targets.CLASSES:
        invalid = [value for value in target.ravel().tolist() if not 0 <= value < classes or value != int(value)]
        if invalid:
            raise LayerError(
                "SC201", expects=f"classes from 0 to {classes - 1}", receives=f"{invalid[0]:g}", field="target"
            )
        target = target.astype(np.int64)
        classes = 0
    inner = [classes] if classes else []
    if target.size == each and steps != 1:
        return LossAt(name, "sum", target.reshape(1, samples, *inner))
    if batch_first and target.ndim > 1:
        return LossAt(name, "sum", np.moveaxis(target.reshape(samples, steps, *inner), 1, 0))
    return LossAt(name, "sum", target.reshape(steps, samples, *inner))
