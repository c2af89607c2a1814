"""A recurrent layer with arrays as a user writes them: sequence, initial states and weights, with sizes that follow."""

from __future__ import annotations

import zlib
from math import isqrt, prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.diagnostics import Diagnostic, LayerError, ShapecalcError
from shapecalc.diagnostics.suggestions import closest
from shapecalc.dims import show
from shapecalc.execution.arrays import read_array, read_arrays
from shapecalc.execution.unrolling import recurrent_call
from shapecalc.execution.values.arguments import RANDOM, Drawn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.layers.recurrence import Recurrent
    from shapecalc.reference.base import Array, Call

MOST_ELEMENTS = 20_000_000
"""Elements of the parameters, and of the gates of all steps."""
MOST_MACS = 2 * 10**9
MOST_STEPS = 10_000
"""Steps of a sequence that is unrolled."""

ONES = "ones"
TENSORS = {"w_ih": "weight_ih", "w_hh": "weight_hh", "b_ih": "bias_ih", "b_hh": "bias_hh"}
"""The fields of single tensors, with the beginning of the parameter's name."""
RANK = 3


class RecurrentCase(NamedTuple):
    """A recurrent layer, its call with parameters, and the arrays that it reads: x, then initial states if given."""

    layer: Recurrent
    call: Call
    inputs: tuple[Array, ...]
    drawn: Drawn


class _Texts(NamedTuple):
    """The texts of the arrays by field, how they are read, and the names of those that are random."""

    texts: Mapping[str, str]
    exact: bool
    seed: int
    drawn: list[str]

    def array(self, field: str) -> Array | None:
        return read_array(self.texts[field], field, exact=self.exact) if field in self.texts else None

    def filled(self, shape: tuple[int, ...], value: int) -> Array:
        array = np.empty(shape, dtype=object if self.exact else np.float64)
        array[...] = value
        return array

    def random(self, name: str, field: str) -> np.random.Generator:
        if self.exact:
            raise LayerError("SC205", expects="given numbers with `--exact`", receives="random ones", field=field)
        self.drawn.append(name)
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])


def recurrent_case(
    kind: type[Recurrent], fields: Mapping[str, Any], sizes: Mapping[str, int], texts: Mapping[str, str], **how: Any
) -> RecurrentCase:
    """Return the layer, its parameters and its inputs.

    `texts` has the arrays by field: `x`, `h0`, `c0`, `weights`, `w_ih`, `w_hh`, `b_ih`, `b_hh`; `sizes` those of
    `input_size`, `seq` and `batch` that were given; `how` is `exact` and `seed`. The hidden size follows from the
    weights or from `h0` if it is not among the fields; of weights that are not given, biases are 0 if others are
    given, and all others random.
    Raises `LayerError` for arrays that do not fit, `KeyError` of the name of a size that is missing.
    """
    reader = _Texts(texts, how.get("exact", False), how.get("seed", 0), [])
    weights = _named_weights(reader)
    tensors = {field: array for field in TENSORS if (array := reader.array(field)) is not None}
    states = [array for field in ("h0", "c0") if (array := reader.array(field)) is not None]
    values = dict(fields)
    if "hidden_size" not in values:
        values["hidden_size"] = _hidden_size(kind, weights, tensors, states)
    layer = kind(**values)
    x = _sequence(layer, reader, sizes)
    _check_size(layer, x)
    shapes: dict[str, Any] = layer.parameters(x.shape)
    _check_names(weights, shapes)
    _check_tensors(tensors, weights, shapes)
    parameters = {name: _parameter(layer, reader, name, shapes, weights, tensors) for name in shapes}
    inputs = (x, *_states(layer, x, reader))
    call = recurrent_call(layer, parameters, inputs)
    weights_drawn = tuple(name for name in parameters if call.tensor(name) in reader.drawn)
    drawn = Drawn(("x",) if "x" in reader.drawn else (), weights_drawn, len(parameters), reader.seed)
    return RecurrentCase(layer, call, inputs, drawn)


def _named_weights(reader: _Texts) -> Mapping[str, Array]:
    text = reader.texts.get("weights", RANDOM)
    return {} if text in (RANDOM, ONES) else read_arrays(text, "weights", exact=reader.exact)


def _hidden_size(
    kind: type[Recurrent], weights: Mapping[str, Array], tensors: Mapping[str, Array], states: list[Array]
) -> int:
    recurrent = tensors.get("w_hh", weights.get("weight_hh_l0"))
    if recurrent is not None:
        rows = len(recurrent) if recurrent.ndim > 1 else isqrt(max(recurrent.size // kind.gates, 1)) * kind.gates
        return max(rows // kind.gates, 1)
    if states:
        return states[0].shape[-1] if states[0].ndim else 1
    raise KeyError("hidden_size")


def _sequence(layer: Recurrent, reader: _Texts, sizes: Mapping[str, int]) -> Array:
    """Return the input with three axes, in the layer's order; `[T, features]` is one sample, a flat list a feature."""
    text = reader.texts.get("x", RANDOM)
    if text in (RANDOM, ONES):
        steps, samples, features = sizes["seq"], sizes.get("batch", 1), sizes["input_size"]
        shape = (samples, steps, features) if layer.batch_first else (steps, samples, features)
        _check_size(layer, np.broadcast_to(0, shape))
        return reader.filled(shape, 1) if text == ONES else reader.random("x", "x").standard_normal(shape)
    x = read_array(text, "x", exact=reader.exact)
    if x.ndim == 1:
        x = x[:, None]
    if x.ndim < RANK:
        x = np.expand_dims(x, 0 if layer.batch_first else 1)
    if x.ndim != RANK:
        order = "[N, T, features]" if layer.batch_first else "[T, N, features]"
        raise LayerError("SC305", expects=f"{order}, [T, features] or a flat list", receives=show(x.shape), field="x")
    for name, axis in (("seq", layer.time_axis), ("batch", 1 - layer.time_axis), ("input_size", 2)):
        if sizes.get(name, x.shape[axis]) != x.shape[axis]:
            raise LayerError("SC301", expects=f"{x.shape[axis]}, as `--x` has", receives=sizes[name], field=name)
    return x


def _check_size(layer: Recurrent, x: Array) -> None:
    """Raise `ShapecalcError` SC701 or SC705 for too many numbers, before any is made."""
    shapes: Any = layer.parameters(x.shape).values()
    elements, macs = max(sum(map(prod, shapes)), x.size), layer.macs(x.shape)
    assert isinstance(macs, int)
    if (gates := x.shape[0] * x.shape[1] * layer.gates * layer.hidden_size * layer.num_layers) > elements:
        elements = gates
    for code, count, most, what in (
        ("SC705", int(x.shape[layer.time_axis]), MOST_STEPS, "steps"),
        ("SC701", elements, MOST_ELEMENTS, "numbers"),
        ("SC705", macs, MOST_MACS, "multiply-accumulates"),
    ):
        if count > most:
            message = f"`{layer.type}` would compute {count:,} {what}, more than the {most:,} allowed"
            diagnostic = Diagnostic(code=code, message=message, help="give it smaller sizes")
            raise ShapecalcError((diagnostic,), exit_code=2)


def _check_names(weights: Mapping[str, Array], shapes: Mapping[str, Any]) -> None:
    for name in weights:
        if name not in shapes:
            near = closest(name, tuple(shapes))
            hint = f"write `{near}`" if near else None
            shown = f"`{name}`" if name else "one array without a name"
            raise LayerError(
                "SC203", expects=f"weights {', '.join(shapes)}", receives=shown, field="weights", help=hint
            )


def _check_tensors(tensors: Mapping[str, Array], weights: Mapping[str, Array], shapes: Mapping[str, Any]) -> None:
    """Raise `LayerError` for a tensor of a parameter that the layer does not have, or that is given twice."""
    for field in tensors:
        names = [name for name in shapes if name.startswith(TENSORS[field])]
        if not names:
            raise LayerError("SC205", expects="a layer with biases", receives="one without", field=field)
        for name in names:
            if name in weights:
                raise LayerError("SC205", expects=f"no `{name}` in `--weights`", receives="one", field=field)


def _parameter(
    layer: Recurrent,
    reader: _Texts,
    name: str,
    shapes: Mapping[str, tuple[int, ...]],
    weights: Mapping[str, Array],
    tensors: Mapping[str, Array],
) -> Array:
    shape = shapes[name]
    field = next((field for field, start in TENSORS.items() if name.startswith(start) and field in tensors), None)
    if field is not None:
        return _fitted(tensors[field], shape, field, alone=layer.num_layers * layer.directions == 1)
    if name in weights:
        return _fitted(weights[name], shape, "weights", what=f"`{name}` ")
    if reader.texts.get("weights") == ONES:
        return reader.filled(shape, 1)
    if weights or tensors:
        if len(shape) == 1:
            return reader.filled(shape, 0)
        if weights:
            raise LayerError("SC106", expects=f"`{name}` {show(shape)}", receives="none", field="weights")
    bound = layer.hidden_size**-0.5  # as torch.nn.RNNBase.reset_parameters
    return reader.random(f"{layer.type}.{name}", "weights").uniform(-bound, bound, shape)


def _fitted(array: Array, shape: tuple[int, ...], field: str, *, what: str = "", alone: bool = True) -> Array:
    """Return an array in the shape of a parameter: a single number fills it, a flat list has its elements in order."""
    if array.size == 1:
        return np.full(shape, array.flat[0], dtype=array.dtype)
    if not alone:
        help_text = "give each by its name: `--weights '{weight_ih_l0: …}'`"
        raise LayerError(
            "SC301", expects="one number for all layers", receives=show(array.shape), field=field, help=help_text
        )
    if array.shape != shape and not (array.ndim == 1 and array.size == prod(shape)):
        raise LayerError("SC301", expects=f"{what}{show(shape)}", receives=show(array.shape), field=field)
    return array.reshape(shape)


def _states(layer: Recurrent, x: Array, reader: _Texts) -> tuple[Array, ...]:
    """Return the initial states in the shapes that the layer takes; none if none is given, 0 for one that is not."""
    shapes: Any = layer.states(x.shape)
    fields = dict(zip((f"{name[0]}0" for name in shapes), shapes.values(), strict=True))
    if not any(field in reader.texts for field in fields):
        return ()
    states = []
    for field, shape in fields.items():
        array = reader.array(field)
        states.append(reader.filled(shape, 0) if array is None else _state(array, shape, field))
    return tuple(states)


def _state(array: Array, shape: tuple[int, ...], field: str) -> Array:
    if array.size == 1 and prod(shape) > 1:
        return np.full(shape, array.flat[0], dtype=array.dtype)
    if not fits(array, shape):
        raise LayerError("SC301", expects=show(shape), receives=show(array.shape), field=field)
    return array.reshape(shape)


def fits(array: Array, shape: tuple[int, ...]) -> bool:
    """Return whether an array has a shape, apart from axes of size 1, or is a flat list of as many elements.

    >>> fits(np.ones((2, 3)), (1, 2, 3)), fits(np.ones(6), (1, 2, 3)), fits(np.ones((3, 2)), (1, 2, 3))
    (True, True, False)
    """
    if array.ndim <= 1:
        return array.size == prod(shape)
    return [size for size in array.shape if size > 1] == [size for size in shape if size > 1]
