"""Losses, with their gradients with respect to the predictions."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.reference.activation import logistic

if TYPE_CHECKING:
    from shapecalc.reference.base import Array

REDUCTIONS = ("mean", "sum")


class Loss(NamedTuple):
    """Value of a loss, and its gradient with respect to the predictions, in their shape."""

    value: float
    gradient: Array


def cross_entropy(logits: Array, targets: Array, reduction: str = "mean") -> Loss:
    """Return the mean or sum of −log softmax(logits) at the target classes; its gradient is softmax − one-hot.

    Logits [N, C, *], or [C] for one sample, before any softmax; targets [N, *] are class indices. The mean is over all
    targets.
    Raises `ValueError` if the shapes do not fit, `IndexError` if a target is not a class.
    Source: torch.nn.CrossEntropyLoss.

    >>> loss = cross_entropy(np.zeros((1, 4)), np.array([2]))
    >>> f"{loss.value:.4f}", loss.gradient.tolist()                       # log 4: all four are equally probable
    ('1.3863', [[0.25, 0.25, -0.75, 0.25]])
    """
    axis = 0 if logits.ndim == 1 else 1
    expected = logits.shape[:axis] + logits.shape[axis + 1 :]
    if not logits.ndim or targets.shape != expected:
        raise ValueError(f"expects targets {list(expected)} for logits {list(logits.shape)}, has {list(targets.shape)}")
    classes = logits.shape[axis]
    invalid = targets[(targets < 0) | (targets >= classes)]
    if invalid.size:
        raise IndexError(f"expects classes from 0 to {classes - 1}, receives {invalid[0]}")
    shifted = logits - logits.max(axis=axis, keepdims=True)
    gradient: Array = np.exp(shifted)
    sums = gradient.sum(axis=axis, keepdims=True)
    gradient /= sums
    index = np.expand_dims(targets, axis)
    terms = np.log(sums) - np.take_along_axis(shifted, index, axis=axis)
    np.put_along_axis(gradient, index, np.take_along_axis(gradient, index, axis=axis) - 1, axis=axis)
    return _reduced(terms, gradient, reduction)


def mse(predictions: Array, targets: Array, reduction: str = "mean") -> Loss:
    """Return the mean or sum of (y − t)²; its gradient is 2(y − t). The mean is over all elements.

    Raises `ValueError` if the shapes differ.
    Source: torch.nn.MSELoss.

    >>> mse(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    Loss(value=2.0, gradient=array([0., 2.]))
    """
    _check_equal_shapes(predictions, targets)
    difference = predictions - targets
    return _reduced(difference * difference, 2 * difference, reduction)


def binary_cross_entropy(logits: Array, targets: Array, reduction: str = "mean") -> Loss:
    """Return the mean or sum of −t log σ(x) − (1 − t) log(1 − σ(x)); its gradient is σ(x) − t.

    Computed as max(x, 0) − xt + log(1 + exp(−|x|)), which does not overflow. Targets are between 0 and 1.
    Raises `ValueError` if the shapes differ.
    Source: torch.nn.BCEWithLogitsLoss.

    >>> loss = binary_cross_entropy(np.array([0.0, 1000.0]), np.array([1.0, 1.0]))
    >>> f"{loss.value:.4f}", loss.gradient.tolist()
    ('0.3466', [-0.25, 0.0])
    """
    _check_equal_shapes(logits, targets)
    terms = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-abs(logits)))
    with np.errstate(over="ignore"):  # 1 / (1 + ∞) is 0, which is correct
        return _reduced(terms, logistic(logits) - targets, reduction)


def _check_equal_shapes(predictions: Array, targets: Array) -> None:
    if predictions.shape != targets.shape:
        # They would broadcast, and the mean over too many terms would go unnoticed.
        shape = list(predictions.shape)
        raise ValueError(f"expects targets {shape} for predictions {shape}, receives {list(targets.shape)}")


def _reduced(terms: Array, gradient: Array, reduction: str) -> Loss:
    if reduction not in REDUCTIONS:
        raise ValueError(f"expects {' or '.join(REDUCTIONS)} as reduction, receives {reduction}")
    count = max(prod(terms.shape), 1) if reduction == "mean" else 1
    return Loss(float(terms.sum() / count), gradient / count)
