"""Norms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.graph import Value
from shapecalc.importers.torch_export.operands import Derived
from shapecalc.importers.torch_export.operators import operator
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.importers.graph import Stored
    from shapecalc.importers.torch_export.steps import Steps

EPSILON = 1.1920928955078125e-07
"""What is added if no number is given: the distance of 1 from the next number in float32."""
IN_TRAINING = ", exported in training mode and computed as in evaluation"
RAW = ("weight", "bias", "running_mean", "running_var")


def affine(to: Steps, weight: Any, bias: Any, shape: Any = None) -> tuple[dict[str, Stored], bool]:
    """Return the tensors of a norm, and whether they are all given as tensors that it can have."""
    computed = any(isinstance(each, (Value, Derived)) for each in (weight, bias))
    if computed or (weight is None and bias is not None):
        return {}, False
    tensors = {}
    for name, operand in (("weight", weight), ("bias", bias)):
        if operand is not None:
            stored = to.weight(operand)
            if shape is not None and stored.shape != tuple(shape):
                return {}, False
            tensors[name] = stored
    return tensors, True


def scaled(to: Steps, x: Value, weight: Any, bias: Any, after: int = 0) -> Value:
    """Return a value times a weight plus a bias that are computed; `after` axes follow theirs."""
    for type_, operand in (("multiply", weight), ("add", bias)):
        if operand is not None:
            factor = to.value(operand)
            x = to.step(type_, x, to.reshape(factor, (*factor.shape, *(1,) * after)))
    return x


@operator("batch_norm", "cudnn_batch_norm", raw=RAW)
def batch_norm(
    to: Steps, x: Value, weight: Any, bias: Any, running_mean: Any, running_var: Any, training: bool = False,
    momentum: float = 0.1, eps: float = 1e-5, cudnn_enabled: bool = True,
) -> Any:  # fmt: skip
    """A batch norm; one that was exported in training runs as in evaluation, as all networks here."""
    del cudnn_enabled
    if training and running_mean is not None and IN_TRAINING not in to.graph.source:
        to.graph.source += IN_TRAINING
    tensors, complete = affine(to, weight, bias)
    if not complete:
        raise Unreadable("a batch norm whose weight is computed")
    tracked = running_mean is not None
    if tracked:
        tensors |= {"running_mean": to.statistic(running_mean), "running_var": to.statistic(running_var)}
    elif not training:
        raise Unreadable("a batch norm without statistics")
    return to.step(
        "batch_norm", x, tensors=tensors, eps=eps, momentum=momentum, affine=weight is not None,
        bias=bias is not None or weight is None, track_running_stats=tracked,
    )  # fmt: skip


@operator("_native_batch_norm_legit_no_training", raw=RAW)
def native_batch_norm(to: Steps, x: Value, weight: Any, bias: Any, running_mean: Any, running_var: Any,
                      momentum: float, eps: float) -> Any:  # fmt: skip
    """A batch norm with statistics that are not needed."""
    result = batch_norm(to, x, weight, bias, running_mean, running_var, False, momentum, eps)
    return result, None, None


@operator("_native_batch_norm_legit_functional", "_native_batch_norm_legit", raw=RAW)
def training_batch_norm(to: Steps, x: Value, weight: Any, bias: Any, running_mean: Any = None, running_var: Any = None,
                        training: bool = True, momentum: float = 0.1, eps: float = 1e-5) -> Any:  # fmt: skip
    """A batch norm that was exported in training, with statistics that are not needed."""
    result = batch_norm(to, x, weight, bias, running_mean, running_var, training, momentum, eps)
    return result, None, None, None, None


@operator("layer_norm", raw=("weight", "bias"))
def layer_norm(
    to: Steps, x: Value, normalized_shape: Sequence[Any], weight: Any = None, bias: Any = None, eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Value:  # fmt: skip
    """A norm of the last axes."""
    del cudnn_enable
    tensors, complete = affine(to, weight, bias, normalized_shape)
    result = to.step(
        "layer_norm", x, tensors=tensors, normalized_shape=_normalized(normalized_shape), eps=eps,
        elementwise_affine=bool(tensors), bias="bias" in tensors or not tensors,
    )  # fmt: skip
    return result if complete else scaled(to, result, weight, bias)


def _normalized(shape: Sequence[Any]) -> Any:
    return None if len(shape) == 1 else tuple(shape)


@operator("native_layer_norm", raw=("weight", "bias"))
def native_layer_norm(to: Steps, x: Value, normalized_shape: Any, weight: Any, bias: Any, eps: float) -> Any:
    """A norm of the last axes, with statistics that are not needed."""
    return layer_norm(to, x, normalized_shape, weight, bias, eps), None, None


@operator("rms_norm", "_fused_rms_norm", raw=("weight",))
def rms_norm(to: Steps, x: Value, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Value:
    """A norm without means."""
    tensors, complete = affine(to, weight, None, normalized_shape)
    result = to.step(
        "rms_norm", x, tensors=tensors, normalized_shape=_normalized(normalized_shape), eps=eps or EPSILON,
        elementwise_affine=bool(tensors),
    )  # fmt: skip
    return result if complete else scaled(to, result, weight, None)


@operator("group_norm", raw=("weight", "bias"))
def group_norm(
    to: Steps, x: Value, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Value:  # fmt: skip
    """A norm of groups of channels."""
    del cudnn_enabled
    tensors, complete = affine(to, weight, bias)
    result = to.step(
        "group_norm", x, tensors=tensors, num_groups=num_groups, eps=eps, affine=bool(tensors),
        bias="bias" in tensors or not tensors,
    )  # fmt: skip
    return result if complete else scaled(to, result, weight, bias, x.rank - 2)


@operator("native_group_norm", raw=("weight", "bias"))
def native_group_norm(to: Steps, x: Value, weight: Any, bias: Any, group: int, eps: float, **_: Any) -> Any:
    """A norm of groups of channels, with statistics that are not needed."""
    return group_norm(to, x, group, weight, bias, eps), None, None


@operator("instance_norm", raw=RAW)
def instance_norm(
    to: Steps, x: Value, weight: Any, bias: Any, running_mean: Any, running_var: Any, use_input_stats: bool,
    momentum: float, eps: float, cudnn_enabled: bool = True,
) -> Value:  # fmt: skip
    """A norm of the channels of each sample."""
    del cudnn_enabled
    tensors, complete = affine(to, weight, bias)
    if not complete:
        raise Unreadable("an instance norm whose weight is computed")
    tracked = running_mean is not None and not use_input_stats
    if tracked:
        tensors |= {"running_mean": to.statistic(running_mean), "running_var": to.statistic(running_var)}
    return to.step(
        "instance_norm", x, tensors=tensors, eps=eps, momentum=momentum, affine=weight is not None,
        bias=bias is not None or weight is None, track_running_stats=tracked,
    )  # fmt: skip


@operator("linalg_vector_norm", "norm")
def norm(to: Steps, x: Value, ord: Any = 2, dim: Any = None, keepdim: bool = False, p: Any = None,  # noqa: A002
         **_: Any) -> Value:  # fmt: skip
    """A norm of vectors."""
    dims = list(range(x.rank)) if dim is None or dim == [] else dim
    order = ord if p is None else p
    return to.step("norm", to.floating(x), dim=dims, keepdim=keepdim, p=float(order))
