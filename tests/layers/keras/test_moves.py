"""Layers of Keras that move elements, act on each alone, or join inputs."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.layers import layer_type
from shapecalc.layers.keras import KerasCall, KerasRefusal, KerasStep, keras_layer_of
from tests.support.rows import for_each


def written(word: str, *shapes: tuple[int, ...], moved: bool = True, **fields: Any) -> tuple[KerasStep, ...]:
    layer = keras_layer_of(word)
    assert layer is not None
    steps = layer.write(KerasCall(word, {**layer.fields, **fields}, shapes, moved, "named"))
    for each in steps:
        cls = layer_type(each.type)
        assert cls is not None
        cls(**each.fields)
    return steps


def texts(steps: tuple[KerasStep, ...]) -> list[str]:
    return [" ".join((each.type, *(f"{name}={value}" for name, value in each.fields.items()))) for each in steps]


MAP = (2, 6, 8, 9)


@for_each(
    "word, fields, steps",
    [
        ("Flatten", {}, ["flatten"]),
        ("Reshape", {"target_shape": (72, 6)}, ["reshape shape=(0, 72, 6)"]),
        ("Permute", {"dims": (3, 1, 2)}, ["permute dims=(0, 3, 1, 2)"]),
        ("Dropout", {"rate": 0.3}, ["dropout p=0.3"]),
        ("Activation", {"activation": "linear"}, ["identity"]),
        ("ReLU", {}, ["relu"]),
        ("ReLU", {"max_value": 6}, ["relu6"]),
        ("ReLU", {"negative_slope": 0.1}, ["leaky_relu negative_slope=0.1"]),
        ("LeakyReLU", {}, ["leaky_relu negative_slope=0.3"]),
        ("LeakyReLU", {"alpha": 0.2}, ["leaky_relu negative_slope=0.2"]),
        ("ELU", {}, ["elu"]),
        ("ELU", {"alpha": 0.5}, ["elu alpha=0.5"]),
        ("Softmax", {}, ["softmax dim=1"]),
        ("Softmax", {"axis": 1}, ["softmax dim=2"]),
        ("Add", {}, ["add"]),
        ("Multiply", {}, ["multiply"]),
        ("Concatenate", {}, ["concat"]),
        ("Concatenate", {"axis": 2}, ["concat dim=3"]),
        ("InputLayer", {}, []),
    ],
)
def test_a_layer_on_a_map_whose_channels_have_moved(word: str, fields: dict[str, Any], steps: list[str]) -> None:
    assert texts(written(word, MAP, **fields)) == steps


def test_a_vector_is_repeated_along_a_new_axis() -> None:
    assert texts(written("RepeatVector", (2, 5), moved=False, n=4)) == [
        "unsqueeze dim=2",
        "upsample scale_factor=4",
        "permute dims=(0, 2, 1)",
    ]


@pytest.mark.parametrize(
    ("word", "fields", "reason"),
    [
        ("Reshape", {"target_shape": "x"}, "expects a list of integers"),
        ("Permute", {"dims": (0, 1, 2)}, "expects each axis from 1 to 3 once"),
        ("ReLU", {"max_value": 4}, "`max_value: 4`"),
        ("ReLU", {"threshold": 1}, "`threshold: 1`"),
        ("Softmax", {"axis": (1, 2)}, "expects one axis"),
        ("Concatenate", {"axis": None}, "expects one axis"),
        ("Lambda", {}, "has no exact counterpart here"),
        ("SpatialDropout1D", {}, "has no exact counterpart here"),
        ("RepeatVector", {"n": 3}, "receives 4 axes"),
        ("Bidirectional", {"layer": None}, "expects a layer"),
    ],
)
def test_what_has_no_exact_counterpart_is_refused(word: str, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(KerasRefusal, match=reason):
        written(word, MAP, **fields)
