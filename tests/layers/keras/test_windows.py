"""Convolutions, pooling, padding and resizing of Keras."""

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
        ("Conv2D", {"filters": 4, "kernel_size": 3}, ["conv out_channels=4 kernel_size=3"]),
        ("Conv2D",
         {"filters": 4, "kernel_size": (3, 5), "strides": 2, "padding": "same", "use_bias": False, "groups": 2},
         ["conv out_channels=4 kernel_size=(3, 5) stride=2 padding=same groups=2 bias=False"]),
        ("Conv2D", {"filters": 4, "kernel_size": 1, "activation": "softmax"},
         ["conv out_channels=4 kernel_size=1", "softmax dim=1"]),
        ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2},
         ["conv out_channels=12 kernel_size=3 groups=6"]),
        ("SeparableConv2D", {"filters": 5, "kernel_size": 3, "strides": 2},
         ["conv out_channels=6 kernel_size=3 stride=2 groups=6 bias=False", "conv out_channels=5 kernel_size=1"]),
        ("Conv2D", {"filters": 4, "kernel_size": 3, "padding": "SAME"},
         ["conv out_channels=4 kernel_size=3 padding=same"]),
        ("MaxPooling2D", {}, ["max_pool kernel_size=2"]),
        ("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"},
         ["max_pool kernel_size=3 stride=2 padding=same"]),
        ("AveragePooling2D", {"padding": "same"}, ["avg_pool kernel_size=2 padding=same count_include_pad=False"]),
        ("GlobalAveragePooling2D", {}, ["global_avg_pool keepdim=False"]),
        ("GlobalMaxPooling2D", {"keepdims": True}, ["global_max_pool"]),
        ("UpSampling2D", {}, ["upsample scale_factor=2"]),
        ("UpSampling2D", {"size": (2, 3), "interpolation": "bilinear"},
         ["upsample scale_factor=(2, 3) mode=bilinear"]),
        ("ZeroPadding2D", {}, ["pad padding=1"]),
        ("ZeroPadding2D", {"padding": ((1, 2), (3, 4))}, ["pad padding=(3, 4, 1, 2)"]),
        ("ZeroPadding2D", {"padding": (1, 2)}, ["pad padding=(2, 2, 1, 1)"]),
        ("Cropping2D", {"cropping": (1, 2)}, ["center_crop size=(6, 5)"]),
        ("Resizing", {"height": 5, "width": 7}, ["upsample size=(5, 7) mode=bilinear"]),
        ("CenterCrop", {"height": 6, "width": 7}, ["center_crop size=(6, 7)"]),
        ("AdaptiveAveragePooling2D", {"output_size": 3}, ["adaptive_avg_pool output_size=3"]),
        ("AdaptiveMaxPooling2D", {"output_size": (3, 2)}, ["adaptive_max_pool output_size=(3, 2)"]),
    ],
)  # fmt: skip
def test_a_layer_over_maps(word: str, fields: dict[str, Any], steps: list[str]) -> None:
    assert texts(written(word, MAP, **fields)) == steps


@for_each("padding", ["same", "valid"])
@for_each("kernel", range(1, 7))
@for_each("stride", range(1, 5))
def test_a_transposed_convolution_has_the_size_of_keras(padding: str, kernel: int, stride: int) -> None:
    fields = {"filters": 4, "kernel_size": kernel, "strides": stride, "padding": padding}
    (step,) = written("Conv1DTranspose", (2, 3, 10), **fields)
    cls = layer_type(step.type)
    assert cls is not None
    # keras.src.backend.common.backend_utils: n·s for `same`, (n - 1)s + max(k, s) for `valid`.
    wanted = 10 * stride if padding == "same" else 9 * stride + max(kernel, stride)
    assert cls(**step.fields).output_shape((2, 3, 10)) == (2, 4, wanted)


def test_causal_padding_is_all_before_the_steps() -> None:
    steps = written("Conv1D", (2, 3, 10), filters=4, kernel_size=3, dilation_rate=2, padding="causal")
    assert texts(steps) == ["conv out_channels=4 kernel_size=3 padding=causal dilation=2"]


@pytest.mark.parametrize(
    ("word", "fields", "reason"),
    [
        ("Conv2D", {"filters": 4, "kernel_size": 3, "padding": 1}, "is `valid` or `same`, not `1`"),
        ("Conv2D", {"filters": 4, "kernel_size": 3, "padding": "causal"}, "is for one axis"),
        ("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "padding": "causal"}, "is `valid` or `same`"),
        ("UpSampling2D", {"interpolation": "bicubic"}, "`interpolation: bicubic`"),
        ("Cropping2D", {"cropping": ((1, 2), (0, 0))}, "takes 1 and 2 of 8"),
        ("CenterCrop", {"height": 5, "width": 7}, "from 8 to 5 has no exact counterpart"),
        ("Resizing", {"height": 5, "width": 7, "antialias": True}, "`antialias: true`"),
    ],
)
def test_what_has_no_exact_counterpart_is_refused(word: str, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(KerasRefusal, match=reason):
        written(word, MAP, **fields)
