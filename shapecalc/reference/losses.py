"""Losses, with their gradients with respect to the predictions, and the registry of them by name.

The functions also take arrays of objects that have the arithmetic of numbers; the value is then such an object.
"""

from __future__ import annotations

from enum import Enum
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np

from shapecalc.reference.activation import logistic
from shapecalc.reference.base import constant, maximum, sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.reference.base import Array

REDUCTIONS = ("mean", "sum", "none")
Named: TypeAlias = "Callable[[str, Array], Array]"
"""Receives an intermediate tensor by name, and returns the one that a loss continues with."""
LEAST_LOG = -100
"""PyTorch's bound of the logarithms in `bce`, which keeps the loss of a probability of 0 finite."""


def unnamed(_name: str, tensor: Array) -> Array:
    """Return the tensor."""
    return tensor


class Loss(NamedTuple):
    """Value of a loss, and its gradient with respect to the predictions, in their shape.

    Without a reduction the value is the array of terms, and the gradient that of their sum.
    """

    value: Any
    gradient: Array


class Targets(Enum):
    """What a loss compares predictions with: a class index of each sample, or a value of each prediction."""

    CLASSES = "classes"
    VALUES = "values"


class LossFunction(Protocol):
    """A loss: `function(predictions, targets, reduction)`; some take options by keyword."""

    def __call__(self, predictions: Array, targets: Array, reduction: str = ..., /, **options: float) -> Loss:
        """Return the value of the loss and its gradient."""


class LossEntry(NamedTuple):
    """A loss of the registry: its function, its kind of targets, its function in PyTorch, and default options."""

    name: str
    function: LossFunction
    targets: Targets
    torch: str
    options: dict[str, float]
    reduction: str = "mean"
    """The one that the function has by default."""
    includes: str = ""
    """What layers name as the loss that they are computed with, if it includes such a layer: a softmax, a sigmoid."""


LOSSES: dict[str, LossEntry] = {}
"""All losses by name."""

AnyLoss = TypeVar("AnyLoss", bound="Callable[..., Loss]")


def loss(
    name: str,
    torch: str,
    *,
    targets: Targets = Targets.VALUES,
    reduction: str = "mean",
    includes: str = "",
    **options: float,
) -> Callable[[AnyLoss], AnyLoss]:
    """Register a function as the loss of a name; `options` are its keyword options with their defaults."""

    def register(function: AnyLoss) -> AnyLoss:
        LOSSES[name] = LossEntry(name, function, targets, torch, options, reduction, includes)
        return function

    return register


@loss("cross_entropy", "torch.nn.functional.cross_entropy", targets=Targets.CLASSES, includes="cross_entropy")
def cross_entropy(logits: Array, targets: Array, reduction: str = "mean", *, named: Named = unnamed) -> Loss:
    """Return the mean or sum of −log softmax(logits) at the target classes; its gradient is softmax − one-hot.

    Logits [N, C, *], or [C] for one sample, before any softmax; targets [N, *] are class indices. The mean is over all
    targets.
    Raises `ValueError` if the shapes do not fit, `IndexError` if a target is not a class.
    Source: torch.nn.CrossEntropyLoss.

    >>> loss = cross_entropy(np.zeros((1, 4)), np.array([2]))
    >>> f"{loss.value:.4f}", loss.gradient.tolist()                       # log 4: all four are equally probable
    ('1.3863', [[0.25, 0.25, -0.75, 0.25]])
    """
    axis = _class_axis(logits, targets)
    shifted = logits - logits.max(axis=axis, keepdims=True)
    gradient: Array = np.exp(shifted)
    sums = gradient.sum(axis=axis, keepdims=True)
    gradient = named("p", np.divide(gradient, sums, out=gradient))
    index = np.expand_dims(targets, axis)
    terms = np.log(sums) - np.take_along_axis(shifted, index, axis=axis)
    np.put_along_axis(gradient, index, np.take_along_axis(gradient, index, axis=axis) - 1, axis=axis)
    return reduced(terms.squeeze(axis), gradient, reduction)


@loss("nll", "torch.nn.functional.nll_loss", targets=Targets.CLASSES)
def negative_log_likelihood(log_probabilities: Array, targets: Array, reduction: str = "mean") -> Loss:
    """Return the mean or sum of −x at the target classes, for the output of a log-softmax; its gradient is −one-hot.

    Shapes and errors are those of `cross_entropy`.
    Source: torch.nn.NLLLoss.

    >>> negative_log_likelihood(np.array([[-0.5, -1.0]]), np.array([1]))
    Loss(value=1.0, gradient=array([[ 0., -1.]]))
    """
    axis = _class_axis(log_probabilities, targets)
    index = np.expand_dims(targets, axis)
    gradient = np.full_like(log_probabilities, constant(log_probabilities, 0))
    np.put_along_axis(gradient, index, constant(log_probabilities, -1), axis=axis)
    terms: Array = -np.take_along_axis(log_probabilities, index, axis=axis)
    return reduced(terms.squeeze(axis), gradient, reduction)


@loss("hinge", "torch.nn.functional.multi_margin_loss", targets=Targets.CLASSES, delta=1)
def hinge(scores: Array, targets: Array, reduction: str = "mean", *, delta: float = 1) -> Loss:
    """Return the mean or sum over samples of Σ max(0, sⱼ − s_y + delta) over the classes j other than the target y.

    The gradient with respect to sⱼ is 1 if its term is above 0, that with respect to s_y minus the number of these.
    PyTorch divides by the number of classes. Shapes and errors are those of `cross_entropy`.
    Source: torch.nn.MultiMarginLoss; Weston and Watkins 1999; CS231n, "Linear classification".

    >>> hinge(np.array([13.0, -7.0, 11.0]), np.array(0), delta=10)
    Loss(value=8.0, gradient=array([-1.,  0.,  1.]))
    """
    axis = _class_axis(scores, targets)
    index = np.expand_dims(targets, axis)
    margins = scores - np.take_along_axis(scores, index, axis=axis) + delta
    np.put_along_axis(margins, index, constant(scores, 0), axis=axis)
    above = margins > 0
    zero, one = constant(scores, 0), constant(scores, 1)
    gradient = np.where(above, one, zero)
    np.put_along_axis(gradient, index, -gradient.sum(axis=axis, keepdims=True), axis=axis)
    terms = maximum(margins, zero)
    np.put_along_axis(terms, index, zero, axis=axis)
    return reduced(terms.sum(axis=axis, keepdims=True).squeeze(axis), gradient, reduction)


@loss("mse", "torch.nn.functional.mse_loss")
def mse(predictions: Array, targets: Array, reduction: str = "mean") -> Loss:
    """Return the mean or sum of (y − t)²; its gradient is 2(y − t). The mean is over all elements.

    Raises `ValueError` if the shapes differ.
    Source: torch.nn.MSELoss.

    >>> mse(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    Loss(value=2.0, gradient=array([0., 2.]))
    """
    _check_equal_shapes(predictions, targets)
    difference = predictions - targets
    return reduced(difference * difference, 2 * difference, reduction)


@loss("sum_of_squares", "torch.nn.functional.mse_loss", reduction="sum")
def sum_of_squares(predictions: Array, targets: Array, reduction: str = "sum") -> Loss:
    """Return ½ Σ(y − t)², the sum by default; its gradient is y − t. PyTorch's loss has no factor ½.

    Raises `ValueError` if the shapes differ.
    Source: Bishop 2006, "Pattern Recognition and Machine Learning", equation 5.11; torch.nn.MSELoss.

    >>> sum_of_squares(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    Loss(value=2.0, gradient=array([0., 2.]))
    """
    _check_equal_shapes(predictions, targets)
    difference = predictions - targets
    return reduced(difference * difference / 2, difference, reduction)


@loss("l1", "torch.nn.functional.l1_loss")
def l1(predictions: Array, targets: Array, reduction: str = "mean") -> Loss:
    """Return the mean or sum of |y − t|; its gradient is the sign of y − t, 0 at 0.

    Raises `ValueError` if the shapes differ.
    Source: torch.nn.L1Loss.

    >>> l1(np.array([1.0, 3.0]), np.array([1.0, 4.0]))
    Loss(value=0.5, gradient=array([ 0. , -0.5]))
    """
    _check_equal_shapes(predictions, targets)
    difference = predictions - targets
    return reduced(abs(difference), sign(difference), reduction)


@loss("huber", "torch.nn.functional.huber_loss", delta=1)
def huber(predictions: Array, targets: Array, reduction: str = "mean", *, delta: float = 1) -> Loss:
    """Return the mean or sum of ½d² if |d| < delta, else delta(|d| − ½ delta), for d = y − t.

    The gradient is d, limited to ± delta.
    Raises `ValueError` if the shapes differ.
    Source: torch.nn.HuberLoss.

    >>> huber(np.array([1.5, 3.0]), np.array([1.0, 0.0]), "sum")
    Loss(value=2.625, gradient=array([0.5, 1. ]))
    """
    _check_equal_shapes(predictions, targets)
    difference = predictions - targets
    near = abs(difference) < delta
    terms = np.where(near, difference * difference / 2, (2 * abs(difference) - delta) * delta / 2)
    return reduced(terms, np.where(near, difference, sign(difference) * delta), reduction)


@loss("smooth_l1", "torch.nn.functional.smooth_l1_loss", beta=1)
def smooth_l1(predictions: Array, targets: Array, reduction: str = "mean", *, beta: float = 1) -> Loss:
    """Return the mean or sum of ½d²/beta if |d| < beta, else |d| − ½ beta, for d = y − t: `huber` divided by beta.

    Raises `ValueError` if the shapes differ.
    Source: torch.nn.SmoothL1Loss.

    >>> smooth_l1(np.array([1.5, 3.0]), np.array([1.0, 0.0]), "sum")
    Loss(value=2.625, gradient=array([0.5, 1. ]))
    """
    terms, gradient = huber(predictions, targets, "none", delta=beta)
    return reduced(terms / beta, gradient / beta, reduction)


@loss("bce", "torch.nn.functional.binary_cross_entropy")
def binary_cross_entropy_of_probabilities(probabilities: Array, targets: Array, reduction: str = "mean") -> Loss:
    """Return the mean or sum of −t log p − (1 − t) log(1 − p), for the output of a sigmoid.

    The gradient is (p − t)/(p(1 − p)). As in PyTorch, logarithms are at least −100 and that divisor is at least 1e-12.
    Raises `ValueError` if the shapes differ, or a prediction is not between 0 and 1.
    Source: torch.nn.BCELoss.

    >>> loss = binary_cross_entropy_of_probabilities(np.array([0.5, 1.0]), np.array([1.0, 1.0]))
    >>> f"{loss.value:.4f}", loss.gradient.tolist()
    ('0.3466', [-1.0, 0.0])
    """
    _check_equal_shapes(probabilities, targets)
    invalid = probabilities[(probabilities < 0) | (probabilities > 1)]
    if invalid.size:
        raise ValueError(f"expects probabilities from 0 to 1, receives {invalid[0]}")
    others = 1 - probabilities
    least = constant(probabilities, LEAST_LOG)
    with np.errstate(divide="ignore"):  # log 0 is −∞, which the bound replaces
        terms = -targets * np.maximum(np.log(probabilities), least)
        terms = terms - (1 - targets) * np.maximum(np.log(others), least)
    divisor = np.maximum(probabilities * others, constant(probabilities, 1e-12))
    return reduced(terms, (probabilities - targets) / divisor, reduction)


@loss("bce_with_logits", "torch.nn.functional.binary_cross_entropy_with_logits", includes="binary_cross_entropy")
def binary_cross_entropy(logits: Array, targets: Array, reduction: str = "mean", *, named: Named = unnamed) -> Loss:
    """Return the mean or sum of −t log σ(x) − (1 − t) log(1 − σ(x)); its gradient is σ(x) − t.

    Computed as max(x, 0) − xt + log(1 + exp(−|x|)), which does not overflow. Targets are between 0 and 1.
    Raises `ValueError` if the shapes differ.
    Source: torch.nn.BCEWithLogitsLoss.

    >>> loss = binary_cross_entropy(np.array([0.0, 1000.0]), np.array([1.0, 1.0]))
    >>> f"{loss.value:.4f}", loss.gradient.tolist()
    ('0.3466', [-0.25, 0.0])
    """
    _check_equal_shapes(logits, targets)
    terms = np.maximum(logits, constant(logits, 0)) - logits * targets + np.log1p(np.exp(-abs(logits)))
    with np.errstate(over="ignore"):  # 1 / (1 + ∞) is 0, which is correct
        return reduced(terms, named("p", logistic(logits)) - targets, reduction)


def _class_axis(predictions: Array, targets: Array) -> int:
    """Return the axis of the classes; raise if the targets are no class indices of the predictions."""
    axis = 0 if predictions.ndim == 1 else 1
    expected = predictions.shape[:axis] + predictions.shape[axis + 1 :]
    if not predictions.ndim or targets.shape != expected:
        shape = list(predictions.shape)
        raise ValueError(f"expects targets {list(expected)} for predictions {shape}, receives {list(targets.shape)}")
    classes = predictions.shape[axis]
    invalid = targets[(targets < 0) | (targets >= classes)]
    if invalid.size:
        raise IndexError(f"expects classes from 0 to {classes - 1}, receives {invalid[0]}")
    return axis


def _check_equal_shapes(predictions: Array, targets: Array) -> None:
    if predictions.shape != targets.shape:
        # They would broadcast, and the mean over too many terms would go unnoticed.
        shape = list(predictions.shape)
        raise ValueError(f"expects targets {shape} for predictions {shape}, receives {list(targets.shape)}")


def reduced(terms: Array, gradient: Array, reduction: str) -> Loss:
    """Return the mean or the sum of the terms of a loss, or the terms; and the gradient divided as they are.

    Raises `ValueError` for another word.
    """
    if reduction not in REDUCTIONS:
        raise ValueError(f"expects {' or '.join(REDUCTIONS)} as reduction, receives {reduction}")
    if reduction == "none":
        return Loss(terms, gradient)
    count = max(prod(terms.shape), 1) if reduction == "mean" else 1
    total = terms.sum() / count
    return Loss(total if terms.dtype == object else float(total), gradient / count)
