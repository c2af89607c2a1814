"""Transposed convolutions with `same` and `valid` and causal convolutions against Keras's numbers and gradients."""

from __future__ import annotations

import json

import numpy as np
import pytest

import shapecalc
from shapecalc.diagnostics import LayerError
from shapecalc.layers.keras import KerasCall, keras_layer_of
from tests.oracle.test_torch_fixtures import ORACLE, Row, by_name, layer_of, tuples
from tests.support.layer_fixtures import agrees, numbers
from tests.support.rows import for_each

FIXTURE = json.loads((ORACLE / "keras_windows.json").read_text(encoding="utf-8"))
ANSWERED = [row for row in FIXTURE["cases"] if "output" in row]
REFUSED = [row for row in FIXTURE["cases"] if "error" in row]


EXPECTED = numbers(ANSWERED, np.load(ORACLE / "keras_windows.npz")["values"])


def test_no_row_is_dropped() -> None:
    assert (len(ANSWERED), len(REFUSED), len(EXPECTED)) == (251, 4, 251)


@for_each("row", by_name(ANSWERED))
def test_numbers_and_gradients_are_those_of_keras(row: Row) -> None:
    agrees(row, EXPECTED[row["name"]], FIXTURE["fill"])


WORDS = {"out_channels": "filters", "stride": "strides", "dilation": "dilation_rate", "bias": "use_bias"}


@for_each("row", by_name(ANSWERED))
def test_the_words_of_keras_are_converted_to_a_layer_with_these_numbers(row: Row) -> None:
    axes = len(row["input"]) - 2
    word = f"Conv{axes}DTranspose" if row["layer"] == "conv_transpose" else f"Conv{axes}D"
    keras = keras_layer_of(word)
    assert keras is not None
    fields = {WORDS.get(name, name): tuples(value) for name, value in row["fields"].items()}
    (step,) = keras.write(KerasCall(word, {**keras.fields, **fields}, (tuple(row["input"]),), True, "named"))
    assert step.type == row["layer"]
    agrees({**row, "fields": dict(step.fields)}, EXPECTED[row["name"]], FIXTURE["fill"])


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
