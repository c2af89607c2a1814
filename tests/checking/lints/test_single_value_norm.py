"""SC412: a norm over the batch that has one value per channel."""

from __future__ import annotations

import pytest

from tests.support.lints import codes, layers, warned
from tests.support.rows import for_each

TRACKED = "instance_norm: {track_running_stats: true}"


@for_each(
    "shape, layer, raises",
    # What torch 2.13 does in training: "Expected more than 1 value per channel", or "more than 1 spatial element".
    [
        ("[1, 5]", "batch_norm", True),
        ("[1, 5, 1]", "batch_norm", True),
        ("[1, 5, 2]", "batch_norm", False),
        ("[1, 5, 1, 1]", "batch_norm", True),
        ("[1, 5, 1, 1]", "batch_norm: {momentum: null}", True),
        ("[1, 5, 1, 2]", "batch_norm", False),
        ("[2, 5, 1, 1]", "batch_norm", False),
        ("[1, 5, 1, 1, 1]", "batch_norm", True),
        ("[2, 5, 1, 1]", TRACKED, True),
        ("[2, 5, 1]", TRACKED, True),
        ("[1, 5, 1, 2]", TRACKED, False),
        ("[2, 5, 1]", "layer_norm", False),
    ],
)
def test_a_norm_is_warned_of_where_pytorch_raises_in_training(shape: str, layer: str, raises: bool) -> None:
    assert codes(f"input: {shape}\n" + layers(layer)) == ["SC412"] * raises


POOLED = layers("global_avg_pool", "conv: {out_channels: 8, kernel_size: 1, bias: false}", "batch_norm")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("input: [1, 16, 32, 32]\n" + POOLED, [3, 1], id="the report: pooled, then convolved"),
        pytest.param(
            "input: [1, 16]\n" + layers("linear: {out_features: 4, bias: false}", "batch_norm"), [1], id="table"
        ),
        pytest.param(
            "input: [1, 3, 9, 9]\n" + layers("conv: {out_channels: 4, kernel_size: 9, bias: false}", "batch_norm"),
            [3, 1],
            id="a window as large as the map",
        ),
        pytest.param("input: [1, 3, 9, 9]\n" + layers("flatten", "batch_norm"), [1], id="flattened"),
        pytest.param("input: [3, 16, 9]\n" + layers("global_avg_pool", TRACKED), [3], id="of each sample"),
    ],
)
def test_the_cause_is_the_layer_that_leaves_one_value_and_the_batch(text: str, lines: list[int]) -> None:
    (finding,) = warned(text)
    assert finding.code == "SC412"
    assert [label.span.line for label in finding.labels] == lines


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("input: [N, 16, 32, 32]\n" + POOLED, id="a free batch"),
        pytest.param("input: [2, 16, 32, 32]\n" + POOLED, id="two samples"),
        pytest.param("input: [1, 16, H, W]\n" + layers("batch_norm"), id="a free map"),
        pytest.param("input: [1, 3, 224, 224]\n" + layers("batch_norm", "relu"), id="an exported network"),
        pytest.param(
            "input: [1, 16, 32, 32]\n" + layers("global_avg_pool", "layer_norm: [16, 1, 1]"), id="another norm"
        ),
    ],
)
def test_several_values_are_not_warned_of(text: str) -> None:
    assert codes(text) == []


def test_many_norms_are_one_warning_that_counts_them() -> None:
    (finding,) = warned("input: [1, 16]\n" + layers(*["linear: {out_features: 16, bias: false}", "batch_norm"] * 7))
    assert (len(finding.labels), finding.notes) == (5, ("and 2 more norms",))


def test_a_repeated_body_whose_first_layer_follows_its_last_is_warned_of_once() -> None:
    text = "input: [1, 8]\nblocks: {b: {layers: [{linear: {out_features: 8, bias: false}}, batch_norm, relu]}}\n"
    assert codes(text + layers("{b: , repeat: 3}")) == ["SC412"]
