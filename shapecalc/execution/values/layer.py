"""One layer on given numbers, with the arithmetic of every element: forward, and backward from the gradient given.

The kernels of `reference` run on numbers that remember their arithmetic (`calculators.tracing`), so that the working
shown is that of the kernel. A layer that takes more operations than `MOST_TRACED` runs in float64 alone.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.calculators.tracing import InexactError, Traced
from shapecalc.diagnostics import LayerError
from shapecalc.diagnostics.presentation import Presented
from shapecalc.dims import show
from shapecalc.execution.lowering import concrete, fields_as_written
from shapecalc.execution.training.initialization import AT_REST
from shapecalc.execution.training.steps import drawn_mask
from shapecalc.execution.values.plain import plain
from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Call
from shapecalc.reference.gradients import Context

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shapecalc.dims import Shape
    from shapecalc.layers import Layer
    from shapecalc.reference.base import Array

MOST_TRACED = 20_000
"""Operations up to which each is written down."""
MOST_EXACT = 1_000_000
MOST_COMPUTED = 10**9
MOST_INTEGERS = 2**53
"""The integers below are those that a float64 holds."""
LARGEST = sys.float_info.max
"""Of exact results too, which figures and pictures read as float64."""

MOST_IN_JACOBIAN = 16
"""Elements of a row of softmax up to which all of its derivatives are shown."""

GRADIENT, INPUT, WEIGHT = -1, 0, 1
"""The order of factors in a product."""


class WorkedTensor(NamedTuple):
    """A tensor by name: its numbers, and the working of each (`0·1 + 1·1`), or None for numbers that are given."""

    name: str
    values: Array
    working: Array | None = None
    origins: Array | None = None
    """Of elements that are those of an input or a parameter: which, `x[0, 1]`, empty for others; None if none is."""

    def reshaped(self, shape: tuple[int, ...]) -> WorkedTensor:
        """Return the tensor in another shape of as many elements."""
        working = None if self.working is None else self.working.reshape(shape)
        origins = None if self.origins is None else self.origins.reshape(shape)
        return WorkedTensor(self.name, self.values.reshape(shape), working, origins)

    def elements(self) -> Iterator[tuple[tuple[int, ...], Any, str | None]]:
        """Yield the index of each element, its number, and its working if it has one."""
        workings = [None] * self.values.size if self.working is None else self.working.ravel().tolist()
        yield from zip(np.ndindex(self.values.shape), self.values.ravel().tolist(), workings, strict=True)

    def cropped(self, sides: Sequence[tuple[int, int]]) -> WorkedTensor:
        """Return the tensor without some elements at both ends of each axis."""
        inner = tuple(
            slice(before, size - after) for size, (before, after) in zip(self.values.shape, sides, strict=True)
        )
        return WorkedTensor(self.name, self.values[inner], None if self.working is None else self.working[inner])

    def to_dict(self) -> dict[str, Any]:
        """Return the tensor as JSON's values; an exact number other than an integer is a text, `1/3`."""
        document = {"shape": list(self.values.shape), "values": plain(self.values.tolist())}
        if self.working is not None:
            document["working"] = self.working.tolist()
        return document | ({} if self.origins is None else {"origins": self.origins.tolist()})


@dataclass(frozen=True, slots=True, repr=False)
class LayerValues(Presented):
    """The values of one layer: what it is given, its intermediate tensors, its outputs, and gradients if computed."""

    layer: Layer
    inputs: tuple[WorkedTensor, ...]
    parameters: tuple[WorkedTensor, ...]
    intermediates: tuple[WorkedTensor, ...]
    outputs: tuple[WorkedTensor, ...]
    derivative: tuple[WorkedTensor, ...] = ()
    """Of an activation function: intermediate tensors, and last the derivative of each element by the input's name; of
    a single row of softmax the Jacobian matrix."""
    upstream: tuple[WorkedTensor, ...] = ()
    """The gradient of the loss with respect to each output."""
    backward_intermediates: tuple[WorkedTensor, ...] = ()
    gradients: tuple[WorkedTensor, ...] = ()
    """With respect to each input and parameter, by their names."""
    drawn: Mapping[str, float] = field(default_factory=dict)
    """The masks among the parameters that are drawn, each with the probability of a 0 in it."""

    def __repr__(self) -> str:
        """Return the layer, and the shapes of its outputs."""
        shapes = ", ".join(f"{tensor.name} {show(tensor.values.shape)}" for tensor in self.outputs)
        return f"<LayerValues of {self.layer.type}: {shapes}>"

    def to_dict(self) -> dict[str, Any]:
        """Return the values as JSON's values."""
        groups = {name: getattr(self, name) for name in self.__slots__ if name not in ("layer", "drawn")}
        fields = {name: _field(value) for name, value in fields_as_written(self.layer).items()}
        document: dict[str, Any] = {"layer": self.layer.type, "fields": fields}
        return document | {
            name: {tensor.name: tensor.to_dict() for tensor in tensors} for name, tensors in groups.items() if tensors
        }


def _field(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def compute(
    layer: Layer,
    inputs: Mapping[str, Array],
    parameters: Mapping[str, Array],
    *,
    upstream: Array | None = None,
    backward: bool = False,
    seed: int | None = None,
    written: Mapping[str, tuple[int, ...]] | None = None,
) -> LayerValues:
    """Return the values of a layer for inputs by name and parameters by PyTorch's names, float64 or `Fraction`.

    Parameters that start training as constants (the weight of a norm, running statistics) may be left out. With
    `backward` also gradients, from the gradient `upstream` of the output, by default ones: that of its sum. With a
    `seed` the masks of dropout are drawn. Elements are named by their places in arrays of the `written` shapes.
    Raises `LayerError` if the layer does not fit its input (codes of its shape rule), a parameter is missing (SC106) or
    of another shape (SC301), it takes too many
    operations (SC705), or a result of exact numbers is not a fraction (SC205).
    """
    exact = any(array.dtype == object for array in (*inputs.values(), *parameters.values()))
    shapes = [array.shape for array in inputs.values()]
    outputs = layer.outputs(*shapes)
    numbers = _complete(layer, shapes, parameters, exact=exact)
    if seed is not None:
        numbers |= _masks(layer, (*shapes, next(iter(outputs.values()))), seed, exact=exact)
    operations = layer.flops(*shapes, next(iter(outputs.values())))
    assert isinstance(operations, int)
    if operations > (MOST_EXACT if exact else MOST_COMPUTED):
        raise LayerError(
            "SC705",
            expects=f"at most {MOST_EXACT if exact else MOST_COMPUTED:,} operations",
            receives=f"{operations:,}",
            field=next(iter(inputs)),
        )
    run = TracedRun(traced=exact or operations <= MOST_TRACED, exact=exact)
    places = {name: _elements(name, array, (written or {}).get(name)) for name, array in {**numbers, **inputs}.items()}
    arrays = [run.given(array, INPUT, places[name]) for name, array in inputs.items()]
    own = {name: run.given(array, WEIGHT, places[name]) for name, array in numbers.items()}
    call = Call(layer.type, layer.type, fields_as_written(layer), own, (), ())
    call.work.trace = run.record
    try:
        with np.errstate(all="ignore"):
            results = find(layer.type).run(call, *arrays)
            results = results if isinstance(results, tuple) else (results,)
            values = LayerValues(
                layer,
                tuple(WorkedTensor(name, array) for name, array in inputs.items()),
                tuple(WorkedTensor(name, array) for name, array in numbers.items()),
                run.taken(),
                tuple(run.tensor(name, array) for name, array in zip(outputs, results, strict=True)),
            )
            if seed is not None:
                values = replace(values, drawn=_probabilities(layer, shapes, outputs))
            if layer.value_range is not None:
                values = replace(values, derivative=_derivative(values, run, call, arrays, results))
            if backward:
                values = _backward(values, run, call, arrays, results, upstream)
    except (ValueError, IndexError) as error:
        raise LayerError("SC702", str(error), field=next(iter(inputs))) from None
    except InexactError as error:
        message = f"expects a result that is a fraction, and {error} of `{layer.type}` is none"
        raise LayerError("SC205", message, help="leave `--exact` out", field="exact") from None
    return values


def _elements(name: str, array: Array, shape: tuple[int, ...] | None) -> Iterator[str]:
    """Yield the name of each element in the shape that is written, `x[0, 1]`; none for an array of another size."""
    if shape is not None and math.prod(shape) == array.size:
        yield from (f"{name}[{', '.join(map(str, index))}]" if index else name for index in np.ndindex(shape))


class TracedRun:
    """Arrays of one run, traced or plain, and the intermediate tensors that its kernel has named."""

    def __init__(self, *, traced: bool, exact: bool) -> None:
        self.traced = traced
        self.exact = exact
        self.named: list[WorkedTensor] = []
        self.shown: dict[str, WorkedTensor] = {}

    def given(self, array: Array, rank: int, origins: Iterable[str] = ()) -> Array:
        """Return numbers that are given, as the kernel takes them; indices stay integers."""
        if array.dtype.kind in "iu" or not self.traced:
            return array
        leaves = [Traced(number, rank) for number in array.ravel().tolist()]
        for leaf, origin in zip(leaves, origins, strict=False):
            leaf.origin = origin
        return np.array(leaves, dtype=object).reshape(array.shape)

    def tensor(self, name: str, array: Array) -> WorkedTensor:
        """Return a tensor that the kernel computed."""
        if array.dtype != object:
            return WorkedTensor(name, array.copy())
        zero = Traced(Fraction(0)) if self.exact else Traced(0)  # what a kernel adds to nothing is a plain 0
        traced = [zero.of(each) for each in array.ravel().tolist()]
        values = np.array([each.value for each in traced], dtype=object).reshape(array.shape)
        if self.exact and any(LARGEST < abs(value) < math.inf for value in values.flat):
            raise LayerError("SC025", expects=f"results up to {LARGEST:.2g}", receives="a greater one", field="exact")
        working = np.array([each.text() for each in traced], dtype=object).reshape(array.shape)
        origins = np.array([each.origin or "" for each in traced], dtype=object).reshape(array.shape)
        numbers = values if self.exact else values.astype(np.float64)
        return WorkedTensor(name, numbers, working, origins if any(origins.flat) else None)

    def record(self, name: str, array: Array) -> Array:
        """Take an intermediate tensor of the kernel; what follows is written in terms of its numbers."""
        tensor = self.tensor(name, array)
        self.named.append(tensor)
        return self.given(tensor.values, INPUT) if array.dtype == object else array

    def taken(self) -> tuple[WorkedTensor, ...]:
        """Return the tensors recorded since the last call, without those that were returned before."""
        tensors = tuple(each for each in self.named if not self._is_shown(each))
        self.shown |= {each.name: each for each in tensors}
        self.named = []
        return tensors

    def _is_shown(self, tensor: WorkedTensor) -> bool:
        before = self.shown.get(tensor.name)
        return before is not None and np.array_equal(before.values, tensor.values)


def _backward(
    values: LayerValues,
    run: TracedRun,
    call: Call,
    arrays: list[Array],
    results: tuple[Array, ...],
    upstream: Array | None,
) -> LayerValues:
    first, *others = values.outputs
    given = np.ones(first.values.shape) if upstream is None else upstream
    if long_axes(given.shape) != long_axes(first.values.shape):
        raise LayerError("SC301", expects=show(first.values.shape), receives=show(given.shape), field="gradient")
    given = given.reshape(first.values.shape)
    gradient = run.given(_like(given, first.values), GRADIENT)
    context = Context(call, tuple(arrays), _given_outputs(values, run, results))
    gradients = find_backward(call.kernel)(context, gradient, *(None for _ in others))
    tensors = [
        run.tensor(tensor.name, array)
        for tensor, array in zip(values.inputs, gradients.inputs, strict=True)
        if array is not None
    ]
    tensors += [run.tensor(name, array) for name, array in gradients.parameters.items()]
    return replace(
        values,
        upstream=(WorkedTensor(first.name, _like(given, first.values)),),
        backward_intermediates=run.taken(),
        gradients=tuple(tensors),
    )


def _given_outputs(values: LayerValues, run: TracedRun, results: tuple[Array, ...]) -> tuple[Array, ...]:
    """Return the outputs as numbers that are given: gradients are written in terms of them."""
    return tuple(
        run.given(tensor.values, INPUT) if result.dtype == object else result
        for tensor, result in zip(values.outputs, results, strict=True)
    )


def _derivative(
    values: LayerValues, run: TracedRun, call: Call, arrays: list[Array], results: tuple[Array, ...]
) -> tuple[WorkedTensor, ...]:
    """Return the intermediate tensors of the derivative of an activation function, and the derivative."""
    (x,), (y,) = values.inputs, values.outputs
    if "dim" in call.fields:
        return _jacobian(x, y, call) if x.values.size == x.values.shape[call.fields["dim"]] <= MOST_IN_JACOBIAN else ()
    ones = np.ones(y.values.shape)
    if y.values.dtype == object:
        ones = run.given(_like(ones, y.values), GRADIENT)
    elif run.traced:
        ones = np.full(y.values.shape, 1, dtype=object)  # integers, which no working shows as factors
    context = Context(call, tuple(arrays), _given_outputs(values, run, results))
    (slope,) = find_backward(call.kernel)(context, ones).inputs
    assert slope is not None
    return (*run.taken(), run.tensor(x.name, slope))


def _jacobian(x: WorkedTensor, y: WorkedTensor, call: Call) -> tuple[WorkedTensor, ...]:
    """Return the derivative of each output, in a row, with respect to each input."""
    context = Context(Call(call.path, call.kernel, call.fields, {}, (), ()), (x.values,), (y.values,))
    size = y.values.size
    chosen = (one.reshape(y.values.shape) for one in np.eye(size))
    rows = [find_backward(call.kernel)(context, one).inputs[0] for one in chosen]
    return (WorkedTensor(x.name, np.array(rows).reshape(size, size)),)


def long_axes(shape: tuple[int, ...]) -> list[int]:
    """Return the axes that a user may not leave out."""
    return [size for size in shape if size > 1]


def _like(array: Array, other: Array) -> Array:
    """Return an array as exact numbers if the other has such."""
    if other.dtype != object or array.dtype == object:
        return array
    fractions = [Fraction(str(value)) for value in array.ravel().tolist()]
    return np.array(fractions, dtype=object).reshape(array.shape)


def _complete(layer: Layer, shapes: list[Shape], given: Mapping[str, Array], *, exact: bool) -> dict[str, Array]:
    """Return a layer's parameters and buffers, in their shapes, with those that begin as constants."""
    expected = {**layer.parameters(*shapes), **layer.buffers(*shapes)}
    for name in given:
        if name not in expected:
            raise LayerError("SC102", f"is not a parameter of this layer; it has {_listed(expected)}", field=name)
    complete = {}
    for name, shape in expected.items():
        if name not in given:
            if not _is_constant(layer, name, shapes):
                raise LayerError("SC106", f"expects `{name}` {show(shape)}, receives none", field=name)
            rest = np.full(concrete(shape), float(AT_REST[name]))
            complete[name] = _like(rest, np.empty(0, dtype=object)) if exact else rest
        elif given[name].shape != shape:
            raise LayerError("SC301", expects=show(shape), receives=show(given[name].shape), field=name)
        else:
            complete[name] = given[name]
    return complete


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _is_constant(layer: Layer, name: str, shapes: list[Shape]) -> bool:
    return name in layer.buffers(*shapes) or layer.initial(name, *shapes).distribution == "constant"


def _probabilities(layer: Layer, shapes: list[Shape], outputs: Mapping[str, Shape]) -> dict[str, float]:
    return {name: p for name, (_, p) in layer.masks(*shapes, next(iter(outputs.values()))).items()}


def _masks(layer: Layer, shapes: tuple[Shape, ...], seed: int, *, exact: bool) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    masks: dict[str, Array] = {}
    for name, (shape, p) in layer.masks(*shapes).items():
        retained = drawn_mask(shape, p, random) > 0
        share = Fraction(str(p)) if exact else float(p)
        masks[name] = np.where(retained, 1 / (1 - share) if p < 1 else 1, 0 * share)  # not in float32, as it is drawn
    return masks
