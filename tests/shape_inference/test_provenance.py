"""Where a shape came from: the place that a mistake points to."""

from __future__ import annotations

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
