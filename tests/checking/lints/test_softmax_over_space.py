"""SC414: a softmax over rows or columns."""

from __future__ import annotations

import pytest

from tests.support.lints import layers, warned
from tests.support.right_networks import RIGHT
from tests.support.rows import for_each

CODE = "SC414"
IMAGE = "input: [N, 3, 32, 32]\n"
CONV = "conv: {out_channels: 5, kernel_size: 1}"


@pytest.mark.parametrize(
    "text",
    [
        IMAGE + layers(CONV, "softmax"),
        IMAGE + layers(CONV, "softmax: -1"),
        IMAGE + layers(CONV, "log_softmax: {dim: 2}"),
        IMAGE + layers(CONV, "upsample: 2", "softmax: 3"),
        IMAGE + layers(CONV, "global_avg_pool", "softmax"),
        "input: [N, 1, 8, 16, 16]\n" + layers(CONV, "softmax: 2"),
        IMAGE + layers("conv_transpose: {out_channels: 5, kernel_size: 2, stride: 2}", "batch_norm", "log_softmax"),
        "input: [N, 10]\n" + layers("linear: 5", "softmax: 0"),
        "input: [N, T, 10]\n" + layers("linear: 5", "log_softmax: {dim: 0}"),
        IMAGE + layers(CONV, "softmax: 0"),
        IMAGE + "blocks: {head: {layers: [" + CONV + ", softmax]}}\n" + layers("head"),
    ],
)
def test_a_softmax_over_rows_or_columns_or_samples(text: str) -> None:
    (warning,) = [each for each in warned(text) if each.code == CODE]
    assert warning.help is not None
    assert ("softmax: -1`" if "linear" in text else "softmax: 1`") in warning.help
    assert len(warning.labels) == 1


@for_each("name", RIGHT)
def test_a_right_network_is_not_warned_of(name: str) -> None:
    assert CODE not in {warning.code for warning in warned(RIGHT[name])}


@pytest.mark.parametrize(
    "text",
    [
        IMAGE + layers(CONV, "softmax: 1"),
        IMAGE + layers(CONV, "flatten: 2", "softmax"),
        IMAGE + layers(CONV, "permute: [0, 2, 3, 1]", "softmax"),
        IMAGE + layers("softmax"),
        "input: [7, 10]\n" + layers("linear: 5", "softmax: 0"),
        "input: [T, 10]\n" + layers("linear: 5", "softmax: 0"),
        "input: [N, 10]\n"
        + layers("linear: 5", "{matmul: {transpose_b: true}, from: [linear_0, linear_0]}", "softmax: 0"),
        IMAGE + layers("concat: {a: [" + CONV + ", softmax], b: [" + CONV + "]}"),
        IMAGE + layers("flatten", "linear: 10", "softmax"),
        "input: [N, 3, 100]\n" + layers(CONV, "softmax: 2"),
        "input: [N, T, 8]\n" + layers("multihead_attention: {num_heads: 2, batch_first: true}", "softmax"),
    ],
)
def test_what_may_be_meant_as_it_is(text: str) -> None:
    assert CODE not in {warning.code for warning in warned(text)}


def test_the_edit_of_an_axis_that_is_written_is_not_called_safe() -> None:
    text = IMAGE + layers(CONV, "softmax: 3")
    (warning,) = warned(text)
    assert warning.fix is not None
    assert (warning.fix.replacement, warning.fix.safe) == ("1", False)
    assert warned(text.replace("softmax: 3", "softmax: 1")) == []
