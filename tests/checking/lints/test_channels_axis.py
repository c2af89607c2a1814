"""SC411: a layer that reads steps as channels."""

from __future__ import annotations

import pytest

import shapecalc
from tests.support.lints import layers, warned
from tests.support.right_networks import RIGHT
from tests.support.rows import for_each

CODE = "SC411"
WORDS = "input: {shape: [N, T], dtype: int64}\n"
EMBEDDING = "embedding: {num_embeddings: 1000, embedding_dim: 100}"
LSTM = "lstm: {hidden_size: 128, batch_first: true}"


@for_each(
    "text, line",
    [
        ("input: [N, T, 64]\n" + layers(LSTM, "batch_norm: {num_features: 128}"), 4),
        ("input: [N, T, 64]\n" + layers(LSTM, "batch_norm"), 4),
        ("input: [N, 50, 64]\n" + layers(LSTM, "dropout: 0.5", "batch_norm"), 5),
        (WORDS + layers(EMBEDDING, "batch_norm", LSTM), 4),
        (WORDS + layers(EMBEDDING, "conv: {out_channels: 64, kernel_size: 3}"), 4),
        (WORDS.replace("N, T", "32, 50") + layers(EMBEDDING, "conv: {out_channels: 64, kernel_size: 3}"), 4),
        ("input: [N, T, 128]\n" + layers("batch_norm: {num_features: 128}"), 3),
        ("input: [N, S, 128]\n" + layers("conv: {in_channels: 128, out_channels: 64, kernel_size: 1}"), 3),
        ("input: [N, T, 12]\n" + layers("linear: 16", "relu", "batch_norm"), 5),
        ("input: [N, T, 64]\n" + layers("multihead_attention: {num_heads: 4, batch_first: true}", "batch_norm"), 4),
        ("input: [N, T, 64]\n" + layers(LSTM, "global_max_pool: {keepdim: false}", "linear: 2"), 4),
        (WORDS + layers(EMBEDDING, "adaptive_avg_pool: 1", "flatten"), 4),
        (WORDS + layers(EMBEDDING, "avg_pool: 2", "mean: {dim: 1}"), 4),
        ("input: [N, 50, 64]\n" + layers(LSTM, "max_pool: 2", "mean: {dim: 1}"), 4),
        ("input: [N, 50, 64]\n" + layers(LSTM, "group_norm: 5"), 4),
        ("input: [N, 50, 64]\n" + layers(LSTM, "conv_transpose: {out_channels: 8, kernel_size: 3}"), 4),
        ("input: [N, 3, 32, 32]\n"
         + layers("conv: {out_channels: 8, kernel_size: 3}", "permute: [0, 2, 3, 1]", "batch_norm"), 5),
        ("input: [N, T, 64]\nblocks: {body: {layers: [" + LSTM + ", batch_norm]}}\n" + layers("body", "body"), 2),
        ("input: [N, T, 64]\n" + layers("add: {a: [" + LSTM + ", batch_norm], b: [linear: 128]}"), 3),
        ("input: [N, T, 64]\n" + layers("conv: {in_channels: 64, out_channels: 64, kernel_size: 5, padding: 2}"), 3),
        ("input: [N, 40, T]\n" + layers("gru: {input_size: 40, hidden_size: 64, batch_first: true}"), 3),
        ("input: [N, 40, T]\n" + layers("linear: {in_features: 40, out_features: 8}"), 3),
        ("input: [N, 40, T]\n"
         + layers("multihead_attention: {num_heads: 4, embed_dim: 40, batch_first: true}"), 3),
        ("input: [N, T, 64]\n" + layers("group_norm: {num_groups: 8, num_channels: 64}"), 3),
    ],
)  # fmt: skip
def test_steps_are_read_as_channels(text: str, line: int) -> None:
    (warning,) = [each for each in warned(text) if each.code == CODE]
    assert warning.help is not None
    assert "permute: [0, " in warning.help
    if "input: [N, 40, T]" in text:
        assert warning.help.startswith("write the input as [N, T, 40], or put")
    assert warning.span is not None
    assert warning.span.line == line


@for_each("name", RIGHT)
def test_a_right_network_is_not_warned_of(name: str) -> None:
    assert CODE not in {warning.code for warning in warned(RIGHT[name])}


@pytest.mark.parametrize(
    "text",
    [
        "input: [N, 50, 64]\n" + layers(LSTM, "batch_norm: {num_features: 50}"),
        "input: [N, 64, T]\n" + layers("batch_norm: {num_features: 64}"),
        "input: [N, 12]\n" + layers("linear: 16", "batch_norm"),
        "input: [N, 50, 12]\n" + layers("linear: 16", "batch_norm"),
        "input: [N, 8, 12]\n" + layers("linear: 16", "conv: {out_channels: 8, kernel_size: 3}"),
        WORDS.replace("N, T", "N, 50") + layers(EMBEDDING, "conv: {out_channels: 64, kernel_size: 1}"),
        WORDS + layers(EMBEDDING, "layer_norm"),
        "input: [N, T, 40]\n" + layers("instance_norm"),
        "input: [N, 40, T]\n" + layers("linear: 8"),
        "input: [N, T, 40]\n" + layers("linear: {in_features: 40, out_features: 8}"),
        "input: [N, T, 40]\n" + layers("linear: 8", "instance_norm"),
    ],
)
def test_what_may_be_meant_as_it_is(text: str) -> None:
    assert CODE not in {warning.code for warning in warned(text)}


def test_a_size_that_only_a_statement_gives_a_symbol_is_explained() -> None:
    text = "input: [N, T, 64]\n" + layers(LSTM, "batch_norm: {num_features: 128}")
    (warning,) = warned(text)
    assert warning.message == "`batch_norm` expects 128 channels on axis 1, which are on axis 2 of [N, T, 128]"
    assert warning.notes == ("as it is, T must be 128",)
    fixed = "input: [N, T, 64]\n" + layers(
        LSTM, "permute: [0, 2, 1]", "batch_norm: {num_features: 128}", "permute: [0, 2, 1]"
    )
    assert warned(fixed) == []
    assert shapecalc.inspect(shapecalc.loads(fixed)).constraints == ()
