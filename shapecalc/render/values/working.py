"""The working of a loss: the formula of each term with its numbers, and their mean or sum."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.calculators.tracing import Traced, number
from shapecalc.execution.values.loss import binary
from shapecalc.reference.losses import LOSSES, Targets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.execution.values.objective import LossRecord

MOST_TERMS = 8
"""The most terms of a loss that are written."""
MOST_CLASSES = 1_000
"""The most classes of a term that is written."""


def working(loss: LossRecord, digits: int) -> list[str]:
    """Return a line for each of the first terms of a loss, and one for their mean or sum."""
    classes = loss.predictions.shape[min(1, loss.predictions.ndim - 1)] if loss.entry.targets is Targets.CLASSES else 1
    terms = np.atleast_1d(loss.terms)
    lines = []
    if classes <= MOST_CLASSES:
        places = islice(np.ndindex(terms.shape), MOST_TERMS)
        lines = [_line(loss, index if loss.terms.ndim else (), digits) for index in places]
    left_out = terms.size - len(lines)
    if lines and left_out:
        lines.append(f"… {left_out:,} terms more")
    if terms.size > 1:
        lines.append(f"{loss.reduction} of {terms.size:,} terms = {number(loss.value, digits)}")
    return lines


def _line(loss: LossRecord, index: tuple[int, ...], digits: int) -> str:
    target = loss.targets[index]
    where = f"[{', '.join(map(str, index))}] " if index else ""
    if loss.entry.targets is Targets.CLASSES:
        where_scores: Any = (index[0], slice(None), *index[1:]) if index else ...
        scores = loss.predictions[where_scores]
        working = _of_classes(loss.entry.name, loss.options, scores, int(target))
        where += f"target {target}: "
    else:
        working = _of_values(loss.entry.name, loss.options, float(loss.predictions[index]), float(target))
    return f"{where}{working.text(digits)} = {number(float(loss.terms[index]), digits)}"


def _of_classes(name: str, options: Mapping[str, float], scores: Any, target: int) -> Any:
    traced = _traced(scores)
    if name in _TEXTBOOK:
        return _TEXTBOOK[name](traced, target)
    return LOSSES[name].function(traced, np.array(target), "none", **options).value.item()


def _of_values(name: str, options: Mapping[str, float], prediction: float, target: float) -> Any:
    if name in _TEXTBOOK:
        return _TEXTBOOK[name](Traced(prediction), Traced(target))
    arrays = _traced(np.array([prediction])), _traced(np.array([target]))
    return LOSSES[name].function(*arrays, "none", **options).value.item()


def _traced(numbers: Any) -> Any:
    return np.array([Traced(float(each)) for each in numbers], dtype=object)


def _cross_entropy(scores: Any, target: Any) -> Any:
    """Return −log softmax at the target; the kernel subtracts the greatest score first."""
    exponentials = np.exp(scores)
    return -(exponentials[target] / exponentials.sum()).log()


def _squared(prediction: Any, target: Any) -> Any:
    return (prediction - target) ** 2


def _half_squared(prediction: Any, target: Any) -> Any:
    return _squared(prediction, target) / 2


def _binary_of_logits(logit: Any, target: Any) -> Any:
    return binary(Traced(1) / (Traced(1) + (-logit).exp()), target)


_TEXTBOOK: Mapping[str, Callable[[Any, Any], Any]] = {
    "cross_entropy": _cross_entropy,
    "mse": _squared,
    "sum_of_squares": _half_squared,
    "bce": binary,
    "bce_with_logits": _binary_of_logits,
}
"""Losses whose kernels compute the same in another order, by their formulas in textbooks."""
