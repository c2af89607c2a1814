"""SC413: features along the last axis of a map."""

from __future__ import annotations

import shapecalc
from tests.support.lints import layers, warned
from tests.support.right_networks import RIGHT
from tests.support.rows import for_each

CODE = "SC413"
IMAGE = "input: [N, 3, 32, 32]\n"
CONV = "conv: {out_channels: 16, kernel_size: 3, padding: 1}"
BLOCK = "blocks: {body: {layers: [" + CONV + ", batch_norm, relu]}}\n"


@for_each(
    "text, expected",
    [
        (IMAGE + layers(CONV, "relu", "max_pool: 2", "linear: 120", "relu", "linear: 10"),
         "put `flatten` before it (16 x 16 x 16 = 4,096 features), or `global_avg_pool` and `flatten` (16)"),
        (IMAGE + layers(CONV, "global_avg_pool", "linear: 10"), "put `flatten` before it: the map has 16 features"),
        (IMAGE + layers(CONV, "adaptive_avg_pool: 1", "dropout: 0.1", "linear: 10"),
         "put `flatten` before it: the map has 16 features"),
        (IMAGE + layers(CONV, "avg_pool: 32", "linear: 10"), "put `flatten` before it: the map has 16 features"),
        ("input: [N, 3, H, W]\n" + layers(CONV, "linear: 10"),
         "put `flatten` before it (16·H·W features), or `global_avg_pool` and `flatten` (16)"),
        (IMAGE + layers("add: {a: [" + CONV + "], b: [" + CONV + "]}", "relu", "linear: 10"),
         "put `flatten` before it (16 x 32 x 32 = 16,384 features), or `global_avg_pool` and `flatten` (16)"),
        (IMAGE + BLOCK + layers("{body: , repeat: 2}", "linear: 9"),
         "put `flatten` before it (16 x 32 x 32 = 16,384 features), or `global_avg_pool` and `flatten` (16)"),
        ("input: [N, 3, 100]\n" + layers(CONV, "relu", "max_pool: 2", "linear: 64", "relu", "linear: 10"),
         "put `flatten` before it (16 x 50 = 800 features), or `global_avg_pool` and `flatten` (16)"),
        ("input: [N, 3, T]\n" + layers(CONV, "global_max_pool", "linear: 10"),
         "put `flatten` before it: the map has 16 features"),
        ("input: [N, 1, 8, 16, 16]\n" + layers(CONV, "max_pool: 2", "linear: 10"),
         "put `flatten` before it (16 x 4 x 8 x 8 = 4,096 features), or `global_avg_pool` and `flatten` (16)"),
        ("input: [N, 3, 100]\n" + layers(CONV, "max_pool: 2", "lstm: {hidden_size: 8, batch_first: true}"),
         "put `permute: [0, 2, 1]` before it"),
        ("input: [N, 3, 100]\n" + layers(CONV, "multihead_attention: {num_heads: 2, batch_first: true}"),
         "put `permute: [0, 2, 1]` before it"),
        (IMAGE + layers(CONV, "flatten: 2", "multihead_attention: {num_heads: 4, batch_first: true}"),
         "put `permute: [0, 2, 1]` before it"),
        (IMAGE + layers(CONV, "flatten: 2", "lstm: 8"), "put `permute: [2, 0, 1]` before it"),
        (IMAGE + layers(CONV, "layer_norm"),
         "put `permute: [0, 2, 3, 1]` before it and `permute: [0, 3, 1, 2]` after it, to normalise the channels"),
        ("input: [N, 3, 100]\n" + layers(CONV, "rms_norm"),
         "put `permute: [0, 2, 1]` before it and `permute: [0, 2, 1]` after it, to normalise the channels"),
        ("input: [N, 3, 100]\n" + layers(CONV, "gru: 8"), "put `permute: [2, 0, 1]` before it"),
        ("input: [N, T, 40]\n" + layers("permute: [0, 2, 1]", "conv: {out_channels: 64, kernel_size: 3}", "linear: 10"),
         "put `flatten` before it (64·T − 128 features), or `global_avg_pool` and `flatten` (64)"),
    ],
)  # fmt: skip
def test_a_map_is_not_flat(text: str, expected: str) -> None:
    (warning,) = [each for each in warned(text) if each.code == CODE]
    assert warning.help == expected
    assert len(warning.labels) == 1


@for_each("name", RIGHT)
def test_a_right_network_is_not_warned_of(name: str) -> None:
    assert CODE not in {warning.code for warning in warned(RIGHT[name])}


@for_each(
    "text",
    [
        IMAGE + layers("linear: 10"),
        IMAGE + layers(CONV, "flatten", "linear: 10"),
        IMAGE + layers(CONV, "permute: [0, 2, 3, 1]", "linear: 10"),
        IMAGE + layers(CONV, "global_avg_pool: {keepdim: false}", "linear: 10"),
        IMAGE + layers(CONV, "mean: {dim: 3}", "mean: {dim: 2}", "linear: 10"),
        IMAGE + layers(CONV, "linear: 32"),
        IMAGE + layers(CONV, "layer_norm: 32"),
        IMAGE + layers(CONV, "layer_norm: [16, 32, 32]"),
        IMAGE
        + layers(CONV, "flatten: 2", "permute: [0, 2, 1]", "layer_norm", "lstm: {hidden_size: 8, batch_first: true}"),
        IMAGE + layers(CONV, "permute: [0, 2, 3, 1]", "rms_norm"),
        "input: [N, 7, 96]\n" + layers("conv: {out_channels: 7, kernel_size: 1}", "linear: 24"),
        "input: [N, 3, 100]\n" + layers(CONV, "linear: 50", "conv: {out_channels: 2, kernel_size: 1}"),
    ],
)
def test_what_may_be_meant_as_it_is(text: str) -> None:
    assert CODE not in {warning.code for warning in warned(text)}


def test_flatten_gives_the_network_that_was_meant() -> None:
    text = IMAGE + layers(CONV, "relu", "max_pool: 2", "linear: 120", "relu", "linear: 10")
    assert shapecalc.inspect(shapecalc.loads(text)).outputs["output"][1:] == (16, 16, 10)
    fixed = text.replace("  - linear: 120", "  - flatten\n  - linear: 120")
    assert warned(fixed) == []
    assert shapecalc.inspect(shapecalc.loads(fixed)).outputs["output"][1:] == (10,)
