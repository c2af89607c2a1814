"""Transposed convolutions with `same` and `valid` and causal convolutions against Keras's numbers and gradients."""

from __future__ import annotations

import json
from math import prod

import numpy as np
import pytest

import shapecalc
from shapecalc.diagnostics import LayerError
from shapecalc.layers import Layer, layer_type
from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Array, Call
from shapecalc.reference.gradients import Context
from tests.oracle.test_torch_fixtures import ORACLE, Row, by_name, tuples, written

FIXTURE = json.loads((ORACLE / "keras_windows.json").read_text(encoding="utf-8"))
VALUES = np.load(ORACLE / "keras_windows.npz")["values"]
ROWS: list[Row] = FIXTURE["cases"]
ANSWERED = [row for row in ROWS if "output" in row]
REFUSED = [row for row in ROWS if "error" in row]


def filled(name: str, shape: list[int]) -> Array:
    a, b = FIXTURE["fill"][name]
    return np.asarray((((a * np.arange(prod(shape)) + b) % 17 - 8) / 8).reshape(shape), dtype=np.float32)


def layer_of(row: Row) -> Layer:
    cls = layer_type(row["layer"])
    assert cls is not None
    return cls(**{name: tuples(value) for name, value in row["fields"].items()})


def sizes(row: Row) -> list[list[int]]:
    """The shapes of a case's numbers: of the output, and of the gradients by the input and by each parameter."""
    return [row["output"], row["input"], *row["parameters"].values()]


def expected() -> dict[str, list[Array]]:
    """Keras's numbers by the name of the case."""
    flat = [shape for row in ANSWERED for shape in sizes(row)]
    pieces = iter(np.split(VALUES, np.cumsum([prod(shape) for shape in flat])))
    found = {row["name"]: [next(pieces).reshape(shape) for shape in sizes(row)] for row in ANSWERED}
    assert next(pieces).size == 0
    return found


EXPECTED = expected()


def test_no_row_is_dropped() -> None:
    assert (len(ANSWERED), len(REFUSED), len(EXPECTED)) == (251, 4, 251)


@pytest.mark.parametrize("row", by_name(ANSWERED))
def test_numbers_and_gradients_are_those_of_keras(row: Row) -> None:
    layer = layer_of(row)
    assert layer.output_shape(tuple(row["input"])) == tuple(row["output"])
    parameters = {name: filled(name, shape) for name, shape in row["parameters"].items()}
    assert {name: list(shape) for name, shape in layer.parameters(tuple(row["input"])).items()} == row["parameters"]
    call = Call("case", row["layer"], written(layer), parameters, ("input",), ("output",))
    x = filled("input", row["input"])
    y = find(row["layer"]).run(call, x)
    assert isinstance(y, np.ndarray)
    found = find_backward(row["layer"])(Context(call, (x,), (y,)), filled("gradient", row["output"]))
    (by_input,) = found.inputs
    values = (y, by_input, *(found.parameters[name] for name in row["parameters"]))
    for ours, theirs in zip(values, EXPECTED[row["name"]], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("row", by_name(REFUSED))
def test_what_keras_refuses_is_refused(row: Row) -> None:
    with pytest.raises(LayerError) as caught:
        layer_of(row).output_shape(tuple(row["input"]))
    assert caught.value.code == {"conv": "SC305", "conv_transpose": "SC308"}[row["layer"]]


def test_the_generator_of_keras_doubles_7_to_28_and_has_the_weights_that_keras_counts() -> None:
    """TensorFlow's DCGAN tutorial: 2,330,944 weights, 2,305,472 of them trainable (`model.summary()` of Keras 3)."""
    width, steps = 256, []
    for channels, stride in ((128, 1), (64, 2), (1, 2)):
        fields = f"{{out_channels: {channels}, kernel_size: 5, stride: {stride}, padding: same, bias: false}}"
        steps += ["batch_norm", "leaky_relu: 0.3", f"conv_transpose: {fields}"]
    steps.insert(2, f"reshape: [-1, {width}, 7, 7]")
    lines = "\n".join(f"  - {step}" for step in ("linear: {out_features: 12544, bias: false}", *steps, "tanh"))
    report = shapecalc.inspect(shapecalc.loads(f"input: [N, 100]\nlayers:\n{lines}\n"), N=2)
    assert report.outputs["output"] == (2, 1, 28, 28)
    assert (report.totals.params, report.totals.params + report.totals.buffers) == (2_305_472, 2_330_944)
    assert shapecalc.verify(report.architecture, N=2).ok
