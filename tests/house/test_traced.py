"""Every kernel runs on numbers that remember their arithmetic: same values, and texts that have these values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.calculators import tracing
from shapecalc.calculators.tracing import InexactError, Traced
from shapecalc.diagnostics import LayerError
from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Work
from shapecalc.reference.gradients import Context
from tests.house.test_harness import call_of, tensors
from tests.support.examples.all import EXAMPLES
from tests.support.examples.table import POINTS
from tests.support.rows import for_each
from tests.support.written_arithmetic import value_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.reference.base import Array, Call
    from tests.support.examples.table import Example

SMALLEST = {"N": 2, "C": 3, "D": 2, "H": 3, "W": 4, "L": 5, "F": 6}
"""Sizes at which most examples fit: an expression has a text for each of its numbers."""
READ = 3
"""Elements of each array whose text is read: the first, the last, and one between."""

TRACED = [row for row in EXAMPLES if row.type not in ("rnn", "lstm", "gru")]

each = for_each("example", [pytest.param(row, id=f"{row.type}-{row.reason}") for row in TRACED])


@pytest.fixture(autouse=True)
def whole_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "MOST_TERMS", 10**6)


@dataclass
class Tracer:
    """Keeps what kernels name, and lets them continue with new numbers."""

    named: list[tuple[str, Array]] = field(default_factory=list)

    def __call__(self, name: str, tensor: Array) -> Array:
        self.named.append((name, tensor))
        return leaves(tensor)


def scalars(array: Array, rank: int = 0) -> Array:
    return objects(array, lambda number: Traced(number, rank))


def leaves(array: Array) -> Array:
    return objects(array, lambda number: Traced(number.value if isinstance(number, Traced) else number))


def objects(array: Array, make: Any) -> Array:
    """The same array of objects; integers are indices, with which nothing is computed."""
    if array.dtype.kind in "iub":
        return array
    made = np.empty(array.shape, dtype=object)
    made.reshape(-1)[:] = [make(number) for number in array.ravel().tolist()]
    return made


def floats(array: Array) -> Array:
    return array.astype(float)


def several(result: Array | tuple[Array, ...]) -> tuple[Array, ...]:
    return result if isinstance(result, tuple) else (result,)


def fitting(example: Example) -> Mapping[str, int]:
    """The smallest sizes that the example takes."""
    try:
        example.layer().outputs(*example.at(SMALLEST))
    except LayerError:
        return POINTS[0]
    return SMALLEST


def prepared(example: Example) -> tuple[Call, list[Array]]:
    point = fitting(example)
    call = call_of(example, tensors(example.layer(), example.at(point)), float)
    return call, list(example.values(point, float).values())


def traced(call: Call, tracer: Tracer | None) -> Call:
    parameters = {name: scalars(array, 1) for name, array in call.parameters.items()}
    return replace(call, parameters=parameters, work=Work(trace=tracer))


def check(name: str, array: Array, expected: Array) -> None:
    """The values are those expected, relative to the largest, and texts of some elements have their value."""
    assert array.shape == expected.shape, name
    largest = max(1.0, float(abs(expected).max(initial=0)))
    np.testing.assert_allclose(floats(array), expected, rtol=1e-12, atol=1e-12 * largest, err_msg=name)
    check_texts(name, array)


def check_texts(name: str, array: Array) -> None:
    if array.dtype != object:
        return
    for place in sorted({*np.linspace(0, array.size - 1, READ).astype(int).tolist()} if array.size else ()):
        number = array.flat[place]
        if isinstance(number, Traced):
            assert float(value_of(number.text(17))) == pytest.approx(number.value, rel=1e-9, abs=1e-9), (name, number)
        else:  # nothing has reached it
            assert number == 0, name


@each
def test_kernels_trace_their_arithmetic(example: Example) -> None:
    call, arrays = prepared(example)
    expected = several(find(example.type).run(replace(call, work=Work()), *arrays))
    tracer = Tracer()
    outputs = several(find(example.type).run(traced(call, tracer), *map(scalars, arrays)))
    for place, (output, array) in enumerate(zip(outputs, expected, strict=True)):
        check(f"output {place}", output, array)
    for name, tensor in tracer.named:
        check_texts(name, tensor)


@each
def test_backward_kernels_trace_their_arithmetic(example: Example) -> None:
    call, arrays = prepared(example)
    outputs = several(find(example.type).run(replace(call, work=Work()), *arrays))
    random = np.random.default_rng(3)
    gradients = [random.standard_normal(output.shape) for output in outputs]
    backward = find_backward(example.type)
    expected = backward(Context(call, tuple(arrays), outputs), *gradients)
    tracer = Tracer()
    ctx = Context(traced(call, tracer), tuple(map(scalars, arrays)), tuple(map(scalars, outputs)))
    found = backward(ctx, *map(scalars, gradients))
    for place, (gradient, array) in enumerate(zip(found.inputs, expected.inputs, strict=True)):
        assert (gradient is None) == (array is None)
        if gradient is not None and array is not None:
            check(f"input {place}", gradient, array)
    assert set(found.parameters) == set(expected.parameters)
    for name, gradient in found.parameters.items():
        check(name, gradient, expected.parameters[name])
    for name, tensor in tracer.named:
        check_texts(name, tensor)


ROOTS = (
    "sqrt",
    "rsqrt",
    "std",
    "norm",
    "normalize",
    "batch_norm",
    "instance_norm",
    "layer_norm",
    "group_norm",
    "rms_norm",
    "cosine_similarity",
)
FUNCTIONS = (
    *("elu", "gelu", "sigmoid", "silu", "tanh", "softplus", "softmax", "log_softmax", "local_response_norm"),
    *("scaled_dot_product_attention", "multihead_attention", "rotary_embedding", "positional_encoding", "power"),
    *("exp", "expm1", "log", "log1p", "erf", "sin", "cos", "logsumexp"),
    *("selu", "celu", "tanhshrink", "logsigmoid", "mish", "quick_gelu", "glu"),
    *("lp_pool", "conv_lstm", "rnn_cell", "lstm_cell", "gru_cell"),
    *("experts", "selective_scan", "ssd"),
)
"""Types whose values are no fractions; the first only where a root is none."""


JUMPS = ("deform_conv", "grid_sample")
"""Types whose slope jumps at a fraction, to either side of which the nearest float may lie."""


def is_rational(example: Example) -> bool:
    """Whether the fields make a function rational: a learned table, an integer power, a norm without a root."""
    integer_power = example.type == "power" and example.fields.get("other") == 3
    integer_power = integer_power or example.fields.get("nonlinearity") == "relu"
    integer_power = integer_power or (example.type == "rotary_embedding" and len(example.inputs) > 1)
    without_root = example.type in ("norm", "normalize") and example.fields.get("p") in (0, 1, inf, -inf)
    without_root = without_root or (example.type == "lp_pool" and example.fields.get("norm_type") == 1)
    return integer_power or without_root or example.fields.get("kind") == "learned"


def fractions(array: Array, rank: int = 0) -> Array:
    return objects(array, lambda number: Traced(Fraction(number).limit_denominator(9), rank))


@each
def test_exact_numbers_stay_exact_or_are_refused(example: Example) -> None:
    call, arrays = prepared(example)
    exact = replace(call, parameters={name: fractions(array, 1) for name, array in call.parameters.items()})
    inputs, refusal = [fractions(array) for array in arrays], ""
    try:
        outputs = several(find(example.type).run(replace(exact, work=Work()), *inputs))
        ones = [np.full(output.shape, Traced(Fraction(2, 3)), dtype=object) for output in outputs]
        gradients = find_backward(example.type)(Context(exact, tuple(inputs), outputs), *ones)
    except InexactError as error:
        refusal = str(error)
    irrational = example.type in (*ROOTS, *FUNCTIONS) and not is_rational(example)
    irrational = irrational or "max_norm" in example.fields
    assert bool(refusal) == (irrational or not {"weight_norm", "standardize"}.isdisjoint(example.fields)), refusal
    if refusal:
        return
    rounded = replace(call, parameters={name: plain(array) for name, array in exact.parameters.items()})
    expected = several(find(example.type).run(replace(rounded, work=Work()), *map(plain, inputs)))
    context = Context(rounded, tuple(map(plain, inputs)), expected)
    slopes = find_backward(example.type)(context, *(np.full(array.shape, 2 / 3) for array in expected))
    pairs = [*zip(outputs, expected, strict=True)]
    if example.type not in JUMPS:
        pairs += [*zip(gradients.inputs, slopes.inputs, strict=True)]
    pairs += [(gradients.parameters[name], slope) for name, slope in slopes.parameters.items()]
    for found, array in pairs:
        if found is None or array is None or found.dtype != object:
            continue
        values = [getattr(number, "value", number) for number in found.flat]
        assert {type(value) for value in values} <= {Fraction, int} or -np.inf in values
        np.testing.assert_allclose(floats(found), array, rtol=1e-9, atol=1e-9)


def plain(array: Array) -> Array:
    return floats(array) if array.dtype == object else array


@each
def test_what_kernels_name_does_not_change_what_they_give(example: Example) -> None:
    """A kernel overwrites nothing that it has named, whether it gets back the same array or another."""
    call, arrays = prepared(example)
    kept: list[tuple[Array, Array]] = []

    def same(_name: str, tensor: Array) -> Array:
        kept.append((tensor, tensor.copy()))
        return tensor

    expected = several(find(example.type).run(replace(call, work=Work()), *arrays))
    found = several(find(example.type).run(replace(call, work=Work(trace=same)), *arrays))
    for output, array in zip(found, expected, strict=True):
        np.testing.assert_array_equal(output, array)
    named = replace(call, work=Work(trace=same))
    find_backward(example.type)(Context(named, tuple(arrays), expected), *map(np.ones_like, expected))
    for tensor, before in kept:
        np.testing.assert_array_equal(tensor, before)
