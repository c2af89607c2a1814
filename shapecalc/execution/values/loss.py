"""A loss on given numbers, with the arithmetic of every term, of the mean or sum, and of the gradient.

The functions of `reference.losses` run on numbers that remember their arithmetic, as the kernels of a layer do.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from math import isclose
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.calculators.tracing import InexactError, Traced, number
from shapecalc.diagnostics import LayerError
from shapecalc.diagnostics.presentation import Presented
from shapecalc.dims import show
from shapecalc.execution.values.layer import INPUT, WEIGHT, TracedRun, WorkedTensor
from shapecalc.layers.fields import Number
from shapecalc.reference.losses import LOSSES, REDUCTIONS, Targets, reduced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.reference.base import Array
    from shapecalc.reference.losses import LossEntry

MOST_CLASSES = 2**31 - 1
MOST_TRACED = 2_000
"""Predictions up to which each operation is written down."""


@dataclass(frozen=True, slots=True, repr=False)
class LossValues(Presented):
    """A loss: what it is given, intermediate tensors, terms, their mean or sum, and the gradient if computed."""

    loss: str
    reduction: str
    options: Mapping[str, float]
    inputs: tuple[WorkedTensor, ...]
    intermediates: tuple[WorkedTensor, ...]
    terms: WorkedTensor
    value: WorkedTensor
    gradient: WorkedTensor | None = None
    """With respect to the predictions; without a reduction of the sum of the terms."""

    def __repr__(self) -> str:
        """Return the loss and its value."""
        shown = number(self.value.values.item()) if self.value.values.size == 1 else show(self.value.values.shape)
        return f"<LossValues of {self.loss}: {shown}>"

    def to_dict(self) -> dict[str, Any]:
        """Return the values as JSON's values."""
        document: dict[str, Any] = {"loss": self.loss, "reduction": self.reduction, "options": dict(self.options)}
        for name in ("inputs", "intermediates"):
            document[name] = {tensor.name: tensor.to_dict() for tensor in getattr(self, name)}
        document |= {"terms": self.terms.to_dict(), "value": self.value.to_dict()["values"]}
        return document | ({} if self.gradient is None else {"gradient": self.gradient.to_dict()})


def loss_by_hand(
    name: str,
    x: Array,
    target: Array,
    *,
    reduction: str | None = None,
    options: Mapping[str, float] | None = None,
    backward: bool = False,
) -> LossValues:
    """Return the values of a loss of `LOSSES`, of predictions and targets in float64 or `Fraction`.

    A `reduction` of None is that of the loss. Classes may be written as any integers; that of a single sample, whose
    predictions are a vector, as a list of one.
    Raises `LayerError` of the field: SC203 for another reduction, SC202 for classes that are no integers, SC301 for
    targets in another shape, SC201 for a class or a probability out of range, SC205 without an exact result; for
    options as `checked_options` does.

    >>> loss_by_hand("mse", np.array([1.0, 3.0]), np.array([2.0, 1.0])).value.working
    array('(1 + 4)/2', dtype=object)
    """
    entry = LOSSES[name]
    chosen = checked_options(entry, options or {})
    reduction = reduction or entry.reduction
    if reduction not in REDUCTIONS:
        raise LayerError("SC203", expects=" or ".join(REDUCTIONS), receives=f"`{reduction}`", field="reduction")
    exact = x.dtype == object
    run = TracedRun(traced=exact or x.size <= MOST_TRACED, exact=exact)
    if entry.targets is Targets.CLASSES:
        target = _classes(x, target)
    predictions, targets = run.given(x, INPUT), run.given(target, WEIGHT)
    takes_hook = "named" in inspect.signature(entry.function).parameters
    hooks: dict[str, Any] = {"named": run.record} if takes_hook else {}
    try:
        with np.errstate(all="ignore"):  # what is not finite shows in the loss
            terms = run.tensor("loss", _array(entry.function(predictions, targets, "none", **chosen, **hooks).value))
            intermediates = run.taken()
            total = _array(reduced(run.given(terms.values, INPUT), terms.values, reduction).value)
            gradient = entry.function(predictions, targets, reduction, **chosen, **hooks).gradient if backward else None
            inputs = (WorkedTensor("x", x), WorkedTensor("target", target))
            return LossValues(
                name,
                reduction,
                chosen,
                inputs,
                intermediates,
                _of_probabilities(name, terms, intermediates, target),
                run.tensor("L", total),
                None if gradient is None else run.tensor("x", gradient),
            )
    except IndexError as error:
        raise LayerError("SC201", str(error), field="target") from None
    except InexactError as error:
        message = f"expects a result that is a fraction, and {error} of `{name}` has no such value"
        raise LayerError("SC205", message, help="leave `--exact` out", field="exact") from None
    except ValueError as error:
        if target.shape != _expected(x, entry.targets):
            raise LayerError("SC301", str(error), field="target") from None
        help_text = "of scores before a sigmoid the loss is `bce-with-logits`"
        raise LayerError("SC201", str(error), help=help_text, field="x") from None


def checked_options(entry: LossEntry, given: Mapping[str, Any]) -> dict[str, float]:
    """Return the options of a loss, with its defaults where none is given.

    Raises `LayerError` of the option: SC102 for one that the loss does not have, SC201 or SC202 unless it is a number
    above 0.
    """
    options = dict(entry.options)
    for name, value in given.items():
        if name not in options:
            raise LayerError("SC102", f"has no option `{name}`")
        number_ = value.item() if isinstance(value, np.generic) else value
        options[name] = int(number_) if isinstance(number_, float) and number_.is_integer() else number_
        Number(above=0).check(name, options[name])
    return options


def _array(value: Any) -> Array:
    """Return a number, or an array, as an array; a number that remembers its arithmetic is an element."""
    if isinstance(value, np.ndarray):
        return value
    array = np.empty((), dtype=object if isinstance(value, Traced) else np.float64)
    array[()] = value
    return array


def _expected(x: Array, targets: Targets) -> tuple[int, ...]:
    if targets is Targets.VALUES:
        return x.shape
    return () if x.ndim == 1 else x.shape[:1] + x.shape[2:]


def _classes(x: Array, target: Array) -> Array:
    """Return targets as class indices."""
    numbers = target.astype(np.float64)
    if (numbers != np.rint(numbers)).any() or (abs(numbers) > MOST_CLASSES).any():
        raise LayerError("SC202", expects="classes: integers of at least 0", receives=_listed(target), field="target")
    classes = numbers.astype(np.int64)
    return classes.reshape(()) if x.ndim == 1 and classes.size == 1 else classes


def _listed(array: Array) -> str:
    return ", ".join(str(value) for value in array.ravel().tolist())


def binary(probability: Any, target: Any) -> Any:
    """Return −(t log p + (1 − t) log(1 − p)) of numbers that remember their arithmetic; kernels bound each log."""
    return -(target * probability.log() + (Traced(1) - target) * (Traced(1) - probability).log())


def _of_probabilities(
    name: str, terms: WorkedTensor, intermediates: tuple[WorkedTensor, ...], target: Array
) -> WorkedTensor:
    """Return the terms with their working as −log p, which has the same value unless p is rounded to 0 or 1.

    The function computes them in another way, which is exact there.
    """
    probabilities = next((tensor.values for tensor in intermediates if tensor.name == "p"), None)
    if probabilities is None or terms.working is None:
        return terms
    working = terms.working.copy()
    for index in np.ndindex(terms.values.shape):
        if name == "bce_with_logits":
            written = binary(Traced(float(probabilities[index])), Traced(float(target[index])))
        else:
            place = (int(target[index]),) if not index else (index[0], int(target[index]), *index[1:])
            probability: Any = Traced(float(probabilities[place]))
            written = -probability.log()
        if isclose(written.value, float(terms.values[index]), rel_tol=1e-9):
            working[index] = written.text()
    return terms._replace(working=working)
