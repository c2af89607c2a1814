"""A layer or a loss by hand: values with their arithmetic, and gradients, from the numbers that are given."""

from __future__ import annotations

from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import LayerError, misuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from shapecalc.execution.values.layer import LayerValues
    from shapecalc.execution.values.loss import LossValues
    from shapecalc.reference.base import Array


def by_hand(
    layer_type: str,
    *inputs: ArrayLike,
    backward: bool = False,
    gradient: ArrayLike | None = None,
    exact: bool = False,
    rank: int | None = None,
    padding_value: float | None = None,
    seed: int | None = None,
    **given: Any,
) -> LayerValues:
    """Compute one layer on numbers, and return every element with the arithmetic that its kernel did.

    `given` are fields and parameters of the layer by their names: what a weight says, such as the window and the number
    of filters, may be left out. Inputs are arrays or lists without the axes that they do not need: `[1, 1, 1, 0]` is
    one channel of one sample. `rank` is the number of axes along which a window slides, `padding_value` the number in
    the padding of a convolution. With `backward` the result has gradients, from the `gradient` of the output, by
    default ones. `exact` computes in fractions, of integers, decimals and texts such as `"1/3"`. With a `seed` dropout
    draws its mask.
    Raises `ShapecalcError` if there is no such layer type (SC101), or by the code of what does not fit: SC106 for what
    is missing, SC301 for a shape, SC202 for what is not a number, SC205 for a result that is not a fraction.

    >>> values = by_hand("conv", [1, 1, 1, 0], weight=[1, 1, 1], padding=1)
    >>> values.outputs[0].values
    array([2., 3., 2., 1.])
    >>> values.outputs[0].working[0]
    '0·1 + 1·1 + 1·1'
    """
    from shapecalc.execution.values.by_hand import by_hand as compute
    from shapecalc.layers import layer_type as find
    from shapecalc.layers.documentation import layers

    layer = find(layer_type)
    if layer is None:
        layers(layer_type)  # raises, with a suggestion
    assert layer is not None
    if len(inputs) != len(layer.letters):
        message = (
            f"`{layer.type}` expects {len(layer.letters)} inputs, {', '.join(layer.letters)}, receives {len(inputs)}"
        )
        raise misuse("SC106", message)
    fields = {name: value for name, value in given.items() if name in layer.fields and _is_field(name, value)}
    with _errors_named(layer.type):
        return compute(
            layer,
            {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()},
            {name: _array(name, value, exact=exact) for name, value in zip(layer.letters, inputs, strict=True)},
            {name: _array(name, value, exact=exact) for name, value in given.items() if name not in fields},
            rank=rank,
            padding_value=None if padding_value is None else _array("padding_value", padding_value, exact=exact),
            upstream=None if gradient is None else _array("gradient", gradient, exact=exact),
            backward=backward or gradient is not None,
            seed=seed,
        )


def loss_by_hand(
    loss: str,
    predictions: ArrayLike,
    targets: ArrayLike,
    *,
    reduction: str | None = None,
    backward: bool = False,
    exact: bool = False,
    **options: float,
) -> LossValues:
    """Compute a loss on numbers, and return every term with its arithmetic, and their mean or sum.

    A row of predictions is a sample; targets are classes counted from 0, or a value of each prediction, as the loss
    takes them. `reduction` is mean, sum or none, by default that of the loss; `options` are `delta` of hinge and huber,
    and `beta` of smooth_l1. With `backward` the result has the gradient with respect to the predictions; `exact`
    computes in fractions.
    Raises `ShapecalcError` if there is no such loss (SC203), or by the code of what does not fit: SC301 for a shape,
    SC201 for a class, a probability or an option out of range, SC202 for what is not a number, SC205 without an exact
    result.

    >>> values = loss_by_hand("cross_entropy", [1, 2, 3], 2)
    >>> values.terms.working.item(), f"{values.value.values:.6f}"
    ('−log(0.665241)', '0.407606')
    """
    from shapecalc.diagnostics.suggestions import closest
    from shapecalc.execution.values.loss import loss_by_hand as compute
    from shapecalc.reference.losses import LOSSES

    if loss not in LOSSES:
        near = closest(loss, tuple(LOSSES))
        hint = f"did you mean `{near}`?" if near else None
        raise misuse("SC203", f"expects a loss, {', '.join(LOSSES)}, receives `{loss}`", hint)
    with _errors_named(loss):
        return compute(
            loss,
            _array("x", predictions, exact=exact),
            _array("target", targets, exact=exact),
            reduction=reduction,
            options=options,
            backward=backward,
        )


@contextmanager
def _errors_named(name: str) -> Iterator[None]:
    """Name a layer or a loss in its errors, which become those of arguments."""
    try:
        yield
    except LayerError as error:
        field = "" if error.field is None or f"`{error.field}`" in error.message else f"`{error.field}` "
        raise misuse(error.code, f"`{name}`: {field}{error.message}", error.help) from None


def _is_field(name: str, value: Any) -> bool:
    """Return whether a value is one of a field: `bias` may be a flag or the numbers of a bias."""
    return name != "bias" or isinstance(value, bool)


def _array(name: str, value: ArrayLike, *, exact: bool) -> Array:
    import numpy as np

    try:
        array = np.asarray(value, dtype=object if exact else np.float64)
    except (TypeError, ValueError):
        raise LayerError(
            "SC202", expects="numbers, in lists of equal lengths", receives=repr(value), field=name
        ) from None
    if not array.size:
        raise LayerError("SC204", expects="numbers", receives="an empty list", field=name)
    if exact:
        fractions = [_fraction(name, number) for number in array.ravel().tolist()]
        return np.array(fractions, dtype=object).reshape(array.shape)
    if not np.isfinite(array).all():
        raise LayerError("SC025", expects="finite numbers", receives="NaN or infinity", field=name)
    return array


def _fraction(name: str, number: Any) -> Fraction:
    try:
        return Fraction(str(number)) if isinstance(number, float) else Fraction(number)
    except (TypeError, ValueError, ZeroDivisionError):
        raise LayerError(
            "SC202", expects="numbers, in lists of equal lengths", receives=repr(number), field=name
        ) from None
