"""SC409: a batch axis that a sequence layer reads as time."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.files.zoo import names, path
from shapecalc.shape_inference.engine import inspect
from tests.support.lints import layers, warned
from tests.support.rows import for_each

LSTM = "lstm: 8"
LAST = "select: {dim: 1, index: -1}"
TOKENS = "input: {shape: [N, 12], dtype: int64}\n"
EMBEDDING = "embedding: {num_embeddings: 90, embedding_dim: 16}"
PATCHES = ("conv: {out_channels: 16, kernel_size: 4, stride: 4}", "flatten: 2", "permute: [0, 2, 1]")


def messages(text: str) -> list[str]:
    return [finding.message for finding in warned(text) if finding.code == "SC409"]


@for_each(
    "text",
    [
        pytest.param("input: [N, 10, 16]\n" + layers(LSTM, LAST, "linear: 3"), id="the report: N stands first"),
        pytest.param("input: [32, 10, 16]\n" + layers(LSTM, LAST, "linear: 3"), id="the last step is taken of axis 1"),
        pytest.param("input: [batch, 10, 16]\n" + layers("gru: {hidden_size: 8, bidirectional: true}"), id="batch"),
        pytest.param(TOKENS + layers(EMBEDDING, "rnn: 8"), id="embedded tokens"),
        pytest.param(TOKENS + layers(EMBEDDING, "positional_encoding"), id="positions of tokens"),
        pytest.param("input: [8, 3, 32, 32]\n" + layers(*PATCHES, "multihead_attention: 4"), id="patches, in numbers"),
        pytest.param(
            "input: [8, 40, 99]\n" + layers("batch_norm", "permute: [0, 2, 1]", "gru: 8"), id="channels moved"
        ),
        pytest.param(
            "input: [8, 10, 16]\n" + layers("lstm: {hidden_size: 8, batch_first: true}", LSTM), id="one of two layers"
        ),
        pytest.param("input: [8, 10, 16]\n" + layers(LSTM, "dropout: 0.5", "mean: 1"), id="mean over axis 1"),
        pytest.param("input: [8, 10, 16]\n" + layers("multihead_attention: 4", "flatten", "linear: 3"), id="flattened"),
        pytest.param("input: [8, 10, 16]\n" + layers("gru: 8", "linear: 1", "softmax: 1"), id="weights along axis 1"),
        pytest.param(
            "input: [8, 10, 16]\n" + layers(LSTM, "multihead_attention: {num_heads: 4, batch_first: true}"),
            id="attention after it is batch first",
        ),
        pytest.param(
            "input: [N, 5, 49, 16]\n" + layers("flatten: {start_dim: 0, end_dim: 1}", "multihead_attention: 4"),
            id="windows joined to the batch",
        ),
        pytest.param(
            "input: [N, 10, 16]\nblocks: {b: {layers: [layer_norm, {multihead_attention: 4}]}}\n"
            + layers("{b: , repeat: 3}"),
            id="in a block",
        ),
        pytest.param("input: [N, 1, 16]\n" + layers(LSTM), id="one step of an input"),
        pytest.param("input: [B, N, 16]\n" + layers("multihead_attention: 4"), id="N tokens of each of B samples"),
        pytest.param(
            "input: [8, 10, 16]\n" + layers(LSTM, "permute: [0, 2, 1]", "conv: {out_channels: 4, kernel_size: 3}"),
            id="a convolution over axis 1",
        ),
        pytest.param("input: [T, N, 16]\n" + layers(LSTM, LAST), id="one sample taken for one step"),
    ],
)
def test_a_batch_that_is_read_as_time_is_warned_of_once(text: str) -> None:
    assert len(messages(text)) == 1


@for_each(
    "text",
    [
        pytest.param("input: [N, 10, 16]\n" + layers("lstm: {hidden_size: 8, batch_first: true}", LAST), id="stated"),
        pytest.param("input: [T, N, 16]\n" + layers(LSTM, "select: {dim: 0, index: -1}"), id="time first"),
        pytest.param("input: [32, 10, 16]\n" + layers(LSTM, "select: {dim: 0, index: -1}"), id="in numbers"),
        pytest.param("input: [32, 10, 16]\n" + layers(LSTM, "linear: 3"), id="nothing shows which is which"),
        pytest.param(
            "input: [N, 10, 16]\n" + layers("permute: [1, 0, 2]", LSTM, "permute: [1, 0, 2]", LAST), id="turned"
        ),
        pytest.param(
            "input: [8, 3, 32, 32]\n"
            + layers("conv: {out_channels: 16, kernel_size: 4}", "flatten: 2", "permute: [2, 0, 1]", LSTM),
            id="columns of a map are time",
        ),
        pytest.param(
            "input: [16, 3, 9, 9]\n"
            + layers("conv: {out_channels: 4, kernel_size: 9}", "flatten", "unsqueeze: 1", LSTM),
            id="frames of one video",
        ),
        pytest.param(
            "input: [N, 16]\n" + layers("linear: 16", "unsqueeze: 1", "multihead_attention: 4"),
            id="attention between samples, as in BatchFormer",
        ),
        pytest.param(
            "input: [10, 8, 16]\n" + layers(LSTM, "permute: [1, 2, 0]", "conv: {out_channels: 4, kernel_size: 3}"),
            id="a convolution over time, turned right",
        ),
        pytest.param("input: [N, B, 16]\n" + layers("multihead_attention: 4"), id="N tokens of B samples"),
        pytest.param(
            "input: [T, 1, 16]\n" + layers(LSTM, "select: {dim: 1, index: 0}"), id="a batch of one, taken away"
        ),
        pytest.param("input: [35, 20, 16]\n" + layers(LSTM, "flatten: {start_dim: 0, end_dim: 1}"), id="rows of words"),
    ],
)
def test_time_that_stands_first_is_not_warned_of(text: str) -> None:
    assert messages(text) == []


FLAG = "batch_first: true"
WITH_FLAG = [name for name in names() if (found := path(name)) and FLAG in found.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", WITH_FLAG)
def test_a_network_of_the_zoo_without_its_flag_is_warned_of(name: str) -> None:
    source = shapecalc.load(name).file
    assert source is not None
    assert len(WITH_FLAG) >= 8
    assert messages(source.text) == []
    # States and keys keep their order, so that a decoder may refuse what the encoder gives.
    first = source.text.replace(FLAG, "batch_first: false", 1)
    try:
        architecture = shapecalc.loads(first)
        inspect(architecture)
    except shapecalc.ShapecalcError:
        return
    assert messages(first)


@pytest.mark.parametrize(
    ("step", "edited"),
    [
        ("lstm: {hidden_size: 8, batch_first: false}", "lstm: {hidden_size: 8, batch_first: true}"),
        ("lstm: {hidden_size: 8, num_layers: 2}", "lstm: {hidden_size: 8, num_layers: 2, batch_first: true}"),
        ("lstm: {hidden_size: 8, num_layers: 2 }", "lstm: {hidden_size: 8, num_layers: 2, batch_first: true }"),
        ("lstm: 8", None),
    ],
)
def test_the_edit_states_the_flag(step: str, edited: str | None) -> None:
    text = "input: [N, 10, 16]\n" + layers(step)
    (finding,) = warned(text)
    if edited is None:
        assert finding.fix is None
        return
    assert finding.fix is not None
    span, line = finding.fix.span, text.split("\n")[2]
    assert line[: span.column - 1] + finding.fix.replacement + line[span.end_column - 1 :] == f"  - {edited}"
    assert warned("input: [N, 10, 16]\n" + layers(edited)) == []


def test_the_cause_is_where_the_batch_comes_from() -> None:
    text = "input: [8, 3, 32, 32]\n" + layers(*PATCHES, "multihead_attention: 4")
    (finding,) = warned(text)
    assert [(label.span.line, label.text) for label in finding.labels] == [(5, "axis 0 is the batch, 8")]


def test_many_layers_are_one_warning_that_counts_them() -> None:
    text = "input: [N, 10, 16]\n" + layers(*["multihead_attention: 4", "layer_norm"] * 7)
    (finding,) = warned(text)
    assert (len(finding.labels), finding.notes, finding.fix) == (5, ("and 2 more layers",), None)
    assert (
        warned(text.replace("multihead_attention: 4", "multihead_attention: {num_heads: 4, batch_first: true}")) == []
    )
