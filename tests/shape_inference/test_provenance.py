"""Where a shape came from: the place that a mistake points to."""

from __future__ import annotations

import re

import pytest

from shapecalc import ShapecalcError, inspect, loads
from shapecalc.layers.pooling import MaxPool
from shapecalc.shape_inference.engine import infer
from tests.support.inferred_networks import by_hand, net


def test_an_error_in_python_built_architectures_has_no_span() -> None:
    _, (finding,) = infer(by_hand(("pool", MaxPool(kernel_size=8), "input")))
    assert finding.span is None


def test_a_mistake_points_to_the_layer_that_the_shape_came_from() -> None:
    architecture = net("[N, 3, 7, 11]", "flatten", "relu", "linear: {out_features: 5, in_features: 4}")
    _, (finding,) = infer(architecture)
    (label,) = finding.labels
    assert (label.span.line, label.text) == (4, "gives [N, 231]: 231 = 3 x 7 x 11")


def test_a_transposed_weight_is_tied_as_a_convolution_and_a_transposed_one() -> None:
    tied = """
        input: [N, 784]
        layers:
          - {linear: {out_features: 32, bias: false}, name: enc}
          - {linear: {out_features: 784, bias: false}, share: enc}
    """
    with pytest.raises(ShapecalcError) as caught:
        inspect(loads(tied))
    (diagnostic,) = caught.value.diagnostics
    help_text = diagnostic.help or ""
    assert "subtract its 25,088 params" in help_text
    encoder, decoder = re.findall(r"`(conv.*?)`", help_text)
    steps = f"{{unsqueeze: -1}}, {{{encoder}, name: enc}}, {{{decoder}, share: enc}}, {{squeeze: -1}}"
    report = inspect(loads(f"{{input: [N, 784], layers: [{steps}]}}"))
    untied = inspect(loads(tied.replace(", share: enc", "")))
    assert report.totals.params == untied.totals.params - 25_088 == 25_088
    assert report.totals.macs == untied.totals.macs
    assert report.outputs["output"] == untied.outputs["output"]
