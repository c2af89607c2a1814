"""Targets of a recurrent layer's loss as a user writes them, and its head: one linear layer on every state."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.calculators.tracing import InexactError, number
from shapecalc.diagnostics import LayerError
from shapecalc.diagnostics.suggestions import closest
from shapecalc.dims import show
from shapecalc.execution.arrays import read_array
from shapecalc.execution.bptt import LossAt, Propagated, propagate_back
from shapecalc.execution.lowering import fields_as_written
from shapecalc.execution.recurrent_inputs import fits
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
        drawn = case.drawn._replace(weights=tuple(map(case.call.tensor, case.drawn.weights)))
        return replace(result, drawn=drawn)
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
    those of the last step alone; a flat list has their elements in that order.
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
    inner = () if LOSSES[name].targets is Targets.CLASSES else (classes,)
    last, every = (samples, *inner), (*((samples, steps) if batch_first else (steps, samples)), *inner)
    if target.size == 1 and inner:
        target = np.full(last, target.flat[0], dtype=target.dtype)
    if not any(fits(target, expected) for expected in (last, every)):
        kind = f"{classes} numbers" if inner else "a class"
        expects = f"{kind} of each step, {show(every)}, or of the last, {show(last)}"
        raise LayerError("SC301", expects=expects, receives=show(target.shape), field="target")
    if not inner:
        invalid = [value for value in target.ravel().tolist() if not 0 <= value < classes or value != int(value)]
        if invalid:
            expects = f"classes from 0 to {classes - 1}"
            raise LayerError("SC201", expects=expects, receives=number(invalid[0]), field="target")
        target = target.astype(np.int64)
    if target.size == prod(last) and steps != 1:
        return LossAt(name, "sum", target.reshape(1, *last))
    target = target.reshape(every)
    return LossAt(name, "sum", np.moveaxis(target, 1, 0) if batch_first else target)
