"""Activations, near zero and far from it, and the layers that change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layer_cases import Case, case

if TYPE_CHECKING:
    from collections.abc import Iterator

SHAPE = (2, 3, 7)
# 100 is past what exp takes in float32; 12 is the span where saturation sets in.
SPANS: tuple[float, ...] = (1.0, 12.0, 40.0, 100.0)
ELEMENTWISE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("relu", "", {}),
    ("relu6", "", {}),
    ("leaky_relu", "", {}),
    ("leaky_relu", "slope 0.3, ", {"negative_slope": 0.3}),
    ("elu", "", {}),
    ("elu", "alpha 0.7, ", {"alpha": 0.7}),
    ("gelu", "", {}),
    ("gelu", "by tanh, ", {"approximate": "tanh"}),
    ("silu", "", {}),
    ("hardswish", "", {}),
    ("hardsigmoid", "", {}),
    ("sigmoid", "", {}),
    ("tanh", "", {}),
    ("softplus", "", {}),
    ("softplus", "beta 3, ", {"beta": 3.0}),
    ("softplus", "beta 2, threshold 5, ", {"beta": 2.0, "threshold": 5.0}),
    ("softmax", "", {}),
    ("log_softmax", "", {}),
)


def cases() -> Iterator[Case]:
    """Every activation, dropout and identity."""
    for layer, variant, fields in ELEMENTWISE:
        for span in SPANS:
            yield case(f"{variant}cells of -{span:g} to {span:g}", layer, SHAPE, times=span, **fields)
    yield case("a negative slope grows", "leaky_relu", SHAPE, negative_slope=-0.5)
    yield case("a slope of 0 is relu", "leaky_relu", SHAPE, negative_slope=0.0)
    yield case("bends at 0 and 6", "relu6", SHAPE, times=6.0)
    yield case("bends at 3 and -3", "hardswish", SHAPE, times=3.0)
    yield case("bends at 3 and -3", "hardsigmoid", SHAPE, times=3.0)
    yield case("huge cells", "sigmoid", SHAPE, times=1e30)
    yield case("huge cells", "softplus", SHAPE, times=1e30)
    yield case("huge cells", "silu", SHAPE, times=1e30)
    for layer in ("softmax", "log_softmax"):
        for dim in (0, 1, 2, 3, -1, -2, -3, -4):
            yield case(f"axis {dim}", layer, (2, 3, 5, 7), dim=dim, times=3.0)
        yield case("rank 2, the last axis", layer, (2, 11))
        yield case("an axis of one", layer, (2, 1), times=100.0)
        yield case("huge cells", layer, (2, 11), times=1e30)
    yield case("rank 2", "relu", (2, 11))
    yield case("rank 5", "tanh", (2, 3, 4, 5, 7))
    yield case("evaluation changes nothing", "dropout", (2, 3, 5, 7))
    yield case("p 0.9 changes nothing either", "dropout", (2, 11), p=0.9)
    yield case("nothing changes", "identity", (2, 3, 5, 7))
    yield case("nothing changes at rank 2", "identity", (2, 11))
