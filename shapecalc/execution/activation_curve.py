"""An activation function as a curve, with its derivative, its range, and where it saturates.

All values are those of the reference kernels, forward and backward, in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, isfinite, log
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.execution.lowering import fields_as_written
from shapecalc.execution.values.plain import plain
from shapecalc.layers.documentation import documentation
from shapecalc.layers.intervals import RealInterval
from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Array, Call
from shapecalc.reference.gradients import Context

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.layers import Layer

FLAT = 0.01
"""A function is saturated where its derivative stays between −FLAT and FLAT."""
LEAST_REACH = 5.0
"""How far from 0 a curve reaches at least, to each side."""
FARTHEST = 1000.0
"""How far from the middle of the curve a marked number is shown at most."""
POINTS = 401
MOST_MARKED = 64
_FAR = 1e300
_DECIMALS = 9
"""Decimals of an end that is found by bisection."""


class CurvePoint(NamedTuple):
    """A number, the function of it, and the derivative there."""

    x: float
    value: float
    derivative: float


@dataclass(frozen=True, slots=True)
class Curve:
    """An activation function: points from left to right, the points that are marked, and what is known of all others.

    Of a function along an axis, such as softmax, it is the first output as its own score varies; `others` are the
    scores that stay.
    """

    layer: Layer
    formula: str
    derivative: str
    value_range: RealInterval
    saturated: tuple[RealInterval, ...]
    points: tuple[CurvePoint, ...]
    marked: tuple[CurvePoint, ...]
    others: tuple[float, ...] = ()
    flat: float = FLAT

    def to_dict(self) -> dict[str, Any]:
        """Return the facts and the marked points; the curve itself is to be drawn."""
        return {
            "formula": self.formula,
            "derivative": self.derivative,
            "range": self.value_range.to_dict(),
            "saturated": [interval.to_dict() for interval in self.saturated],
            "saturated_below_derivative": self.flat,
            "points": [{name: plain(number) for name, number in point._asdict().items()} for point in self.marked],
            **({"others": list(self.others)} if self.others else {}),
        }


def curve(layer: Layer, marked: Sequence[float] = (), *, others: Sequence[float] = (0.0,)) -> Curve:
    """Return the curve of an activation function, wide enough for where it saturates and for the marked numbers.

    `others` are the scores that a softmax has in addition to the one that varies.
    Raises `TypeError` for a layer that is not an activation function.

    >>> from shapecalc.layers.activation import Sigmoid
    >>> sigmoid = curve(Sigmoid(), [0.0])
    >>> sigmoid.marked
    (CurvePoint(x=0.0, value=0.5, derivative=0.25),)
    >>> print(sigmoid.value_range, *sigmoid.saturated)
    (0, 1) (−∞, −4.58486) (4.58486, ∞)
    """
    interval = layer.value_range
    if interval is None:
        raise TypeError(f"expects an activation function, receives `{layer.type}`")
    along_axis = "dim" in fields_as_written(layer)
    rest = tuple(others) if along_axis else ()
    saturated = saturation(layer, others=rest)
    centre = round(_centre(rest))
    shown = [end for each in saturated for end in each[:2] if isfinite(end)]
    shown += [x for x in marked if abs(x - centre) <= FARTHEST]
    low, high = (centre + side * _reach(max(side * (x - centre) for x in [*shown, centre])) for side in (-1, 1))
    documented = documentation(type(layer))
    return Curve(
        layer,
        documented.summary,
        documented.sections["Derivative"],
        interval,
        saturated,
        _points(layer, np.linspace(float(low), float(high), POINTS), rest),
        _points(layer, np.array(marked, dtype=np.float64), rest),
        rest,
    )


def curve_of(layer: Layer, x: Array) -> Curve | None:
    """Return the curve of an activation function with the numbers of its input marked; None for other layers.

    Of softmax the first score of the first row varies. There is no curve of a row of one score, which is always 1.
    """
    if layer.value_range is None:
        return None
    numbers = x.astype(np.float64)
    fields = fields_as_written(layer)
    if "dim" not in fields:
        return curve(layer, numbers.ravel()[:MOST_MARKED].tolist())
    first, *others = np.moveaxis(numbers, fields["dim"], -1).reshape(-1, numbers.shape[fields["dim"]])[0].tolist()
    return curve(layer, [first], others=others) if others else None


def _reach(farthest: float) -> int:
    """Return how far a curve reaches to one side, so that it shows some of what is beyond a number."""
    return ceil(max(LEAST_REACH, 1.25 * farthest))


def _points(layer: Layer, x: Array, others: Sequence[float]) -> tuple[CurvePoint, ...]:
    value, derivative = values(layer, x, others)
    return tuple(map(CurvePoint, x.tolist(), value.tolist(), derivative.tolist()))


def values(layer: Layer, x: Array, others: Sequence[float] = ()) -> tuple[Array, Array]:
    """Return the function of each number of a vector, and the derivative there, as the reference kernels compute them.

    >>> from shapecalc.layers.activation import Relu
    >>> values(Relu(), np.array([-2.0, 3.0]))
    (array([0., 3.]), array([0., 1.]))
    """
    fields = fields_as_written(layer)
    inputs = x
    if others:  # each number is the first score of a row of its own, with one other that has the weight of all
        inputs = np.column_stack((x, np.full_like(x, _centre(others))))
        fields |= {"dim": -1}
    call = Call("", layer.type, fields, {}, ("x",), ("y",))
    gradient = np.ones_like(inputs)
    if others:
        gradient[:, 1:] = 0
    with np.errstate(all="ignore"):  # of numbers beyond the range of floats
        outputs = find(layer.type).run(call, inputs)
        assert isinstance(outputs, np.ndarray)
        (slope,) = find_backward(layer.type)(Context(call, (inputs,), (outputs,)), gradient).inputs
    assert slope is not None
    outputs, slope = outputs + 0.0, slope + 0.0  # no zero with a sign
    return (outputs[:, 0], slope[:, 0]) if others else (outputs, slope)


def saturation(layer: Layer, *, flat: float = FLAT, others: Sequence[float] = ()) -> tuple[RealInterval, ...]:
    """Return the intervals to −∞ and to ∞ in which the derivative stays between −flat and flat, if there are such.

    Their ends are found by bisection of the backward kernel, to 9 decimals.
    """
    intervals = []
    for side in (-1.0, 1.0):
        end = _end(layer, side, flat, others)
        if end is not None:
            included = _is_flat(layer, end, flat * (1 - 1e-6), others)
            intervals.append(
                RealInterval(high=end, includes_high=included)
                if side < 0
                else RealInterval(low=end, includes_low=included)
            )
    return tuple(intervals)


def _is_flat(layer: Layer, x: float, flat: float, others: Sequence[float]) -> bool:
    return bool(abs(values(layer, np.array([x]), others)[1][0]) < flat)


def _centre(others: Sequence[float]) -> float:
    """Return the score at which softmax gives the first output 1/2, where the others are as given; 0 for none."""
    if not others:
        return 0.0
    greatest = max(others)
    return greatest + log(sum(exp(other - greatest) for other in others))


def _end(layer: Layer, side: float, flat: float, others: Sequence[float]) -> float | None:
    """Return the end nearest to 0 of the interval to ∞, or with a negative `side` to −∞; None if there is none."""
    distances = np.geomspace(
        _FAR, 10.0**-_DECIMALS, 24_000
    )  # 3 % apart, from outside inwards, then on to the other side
    x = _centre(others) + side * np.concatenate((distances, [0.0], -distances[::-1]))
    derivative = values(layer, x, others)[1]
    known = np.isfinite(derivative)  # `gelu` cubes numbers of which some have no cube
    x = x[known]
    first = int(np.flatnonzero(np.abs(derivative[known]) >= flat)[0])
    if first == 0:
        return None
    outside, inside = float(x[first - 1]), float(x[first])
    while abs(outside - inside) > 10.0 ** -(_DECIMALS + 1) and (middle := (outside + inside) / 2) not in (
        outside,
        inside,
    ):
        if _is_flat(layer, middle, flat, others):
            outside = middle
        else:
            inside = middle
        middle = (outside + inside) / 2
    return round(outside, _DECIMALS) + 0.0
