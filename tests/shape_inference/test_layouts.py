"""Errors whose cause is the order of axes: one error, and its help leads to a network that is right."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc import ShapecalcError
from tests.support.lints import layers
from tests.support.rows import for_each

WORDS = "input: {shape: [32, 50], dtype: int64}\n"
EMBEDDING = "embedding: {num_embeddings: 1000, embedding_dim: 100}"
BOTH = (
    "write the input as [N, 1, 28, 28], or put `permute: [0, 2, 1, 3]` before the first step; or H must be at least 3 "
    "in `input: [N, 28, H, W]`"
)
LAST = "write the input as [1, 3, 512, 512], or put `permute: [0, 3, 1, 2]` before the first step"
TURN = "put `permute: [0, 2, 1]` before it"


def refused(text: str):
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.inspect(shapecalc.loads(text))
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


@for_each(
    "text, code, expected",
    [
        ("input: [1, 512, 512, 3]\n"
         + layers("conv: {in_channels: 3, out_channels: 64, kernel_size: 3, padding: 1}", "relu"), "SC301", LAST),
        ("input: [1, 512, 512, 3]\n"
         + layers("relu", "conv: {in_channels: 3, out_channels: 64, kernel_size: 3, padding: 1}",
                  "flatten", "linear: {in_features: 4, out_features: 1}"), "SC301", LAST),
        ("input: [1, 512, 512, 3]\n" + layers("batch_norm: {num_features: 3}"), "SC301", LAST),
        ("input: [1, 512, 512, 3]\n" + layers("group_norm: {num_groups: 1, num_channels: 3}"), "SC301", LAST),
        ("input: [1, 512, 512, 3]\n"
         + layers("conv: {out_channels: 6, kernel_size: 3, groups: 3}"), "SC304", LAST),
        ("input: [1, 512, 512, 3]\n" + layers("conv: {out_channels: 6, kernel_size: 7}"), "SC302", LAST),
        ("input: [1, 512, 512, 3]\n"
         + layers("conv: {out_channels: 6, kernel_size: 3, padding: 1}", "max_pool: 2", "max_pool: 2"), "SC302", LAST),
        ("input: [1, 512, 512, 3]\nblocks: {stem: {parameters: [c], layers: [relu, "
         "conv: {in_channels: $c, out_channels: 6, kernel_size: 3}]}}\n" + layers("stem: 3"), "SC301", LAST),
        ("input: [1, 512, 512, 3]\n"
         + layers("{relu: , repeat: 3}", "conv: {in_channels: 3, out_channels: 6, kernel_size: 3}"), "SC301", LAST),
        ("input: [N, H, W, 3]\n" + layers("conv: {out_channels: 6, kernel_size: 7}"), "SC302",
         LAST.replace("[1, 3, 512, 512]", "[N, 3, H, W]")),
        ("input: [N, 28, 1, 28]\n" + layers("conv: {out_channels: 6, kernel_size: 3}"), "SC302",
         BOTH),
        ("input: [3, 224, 224]\n" + layers("conv: {in_channels: 3, out_channels: 6, kernel_size: 3}"), "SC301",
         "the batch axis is missing: write the input as [N, 3, 224, 224]"),
        ("input: [1, 28, 28]\n" + layers("conv: {out_channels: 6, kernel_size: [3, 3]}"), "SC204",
         "the batch axis is missing: write the input as [N, 1, 28, 28]"),
        ("input: [28, 28, 1]\n" + layers("conv: {in_channels: 1, out_channels: 6, kernel_size: 3}"), "SC301",
         "the batch axis is missing: write the input as [N, 1, 28, 28]"),
        ("input: [3, 64, 64]\n" + layers("conv: {out_channels: 6, kernel_size: 3}", "flatten",
                                         "linear: {in_features: 23064, out_features: 5}"), "SC301",
         "the batch axis is missing: write the input as [N, 3, 64, 64]"),
        ("input: [12, 64, 64]\n" + layers("conv: {in_channels: 12, out_channels: 6, kernel_size: 3}"), "SC301",
         "the batch axis is missing: write the input as [N, 12, 64, 64]"),
        ("input: [12, 40, 100]\n" + layers("conv: {in_channels: 12, out_channels: 6, kernel_size: 3}"), "SC301",
         "write the input as [N, 12, 40, 100] if its batch axis is missing, else `in_channels: 40`"),
        ("input: [1, 64, 64, 64]\n" + layers("conv: {in_channels: 1, out_channels: 6, kernel_size: 3}"), "SC301",
         "the batch axis is missing: write the input as [N, 1, 64, 64, 64]"),
        ("input: [2, 16000]\n" + layers("conv: {in_channels: 2, out_channels: 6, kernel_size: 3}"), "SC305",
         "the batch axis is missing: write the input as [N, 2, 16000]"),
        (WORDS + layers(EMBEDDING, "conv: {in_channels: 100, out_channels: 64, kernel_size: 3}"), "SC301",
         TURN + ": channels are axis 1, and 100 is the size of axis 2"),
        (WORDS + layers(EMBEDDING, "dropout: 0.1", "batch_norm: {num_features: 100}", "relu"), "SC301",
         TURN + ": channels are axis 1, and 100 is the size of axis 2"),
        ("input: [30, 64, 12]\n" + layers("lstm: {hidden_size: 20, batch_first: true}",
                                          "conv: {in_channels: 20, out_channels: 6, kernel_size: 3}"), "SC301",
         TURN + ": channels are axis 1, and 20 is the size of axis 2"),
        ("input: [30, 1, 48, 48]\n" + layers("conv: {out_channels: 64, kernel_size: 3, padding: 1}", "max_pool: 8",
                                             "linear: {in_features: 128, out_features: 4}"), "SC301",
         "put `flatten` before it and write `in_features: 2304` (64 x 6 x 6 = 2,304): the last axis has 6"),
        ("input: [30, 1, 48, 48]\nblocks: {body: {layers: [conv: {out_channels: 64, kernel_size: 3, padding: 1}, "
         "batch_norm, relu]}}\n" + layers("body", "{body: , repeat: 2}", "dropout: 0.1",
                                          "linear: {in_features: 64, out_features: 4}"), "SC301",
         "put `global_avg_pool` and `flatten` before it, or `permute: [0, 2, 3, 1]`: the 64 channels are axis 1"),
        ("input: [30, 9, 128]\n" + layers("conv: {out_channels: 64, kernel_size: 5}",
                                          "lstm: {input_size: 64, hidden_size: 5, batch_first: true}"), "SC301",
         TURN + ": the 64 features are axis 1"),
        (WORDS + layers(EMBEDDING, "conv: {in_channels: 1, out_channels: 64, kernel_size: [3, 100]}"), "SC301",
         "put `unsqueeze: 1` before it: [32, 50, 100] has no channel axis of 1"),
        ("input: [N, 40, 100]\n" + layers("conv: {in_channels: 1, out_channels: 64, kernel_size: [3, 3]}"), "SC301",
         "write the input as [N, 1, 40, 100], or put `unsqueeze: 1` before the first step"),
        ("input: [64, 28, 28]\n" + layers("conv: {in_channels: 1, out_channels: 64, kernel_size: 3}"), "SC301",
         "the channel axis is missing: write the input as [64, 1, 28, 28]"),
        ("input: [1, 64, 64, 64]\n" + layers("conv: {out_channels: 6, kernel_size: [3, 3, 3]}"), "SC204",
         "the batch axis is missing: write the input as [N, 1, 64, 64, 64]"),
        ("input: [8, 40, 100]\n" + layers("conv: {out_channels: 6, kernel_size: [3, 3]}"), "SC204",
         "write the input as [8, 1, 40, 100], or put `unsqueeze: 1` before the first step"),
        (WORDS + layers(EMBEDDING, "conv: {out_channels: 6, kernel_size: [3, 100]}"), "SC204",
         "put `unsqueeze: 1` before it: [32, 50, 100] has no channel axis"),
        ("input: [8, 64, 50]\n" + layers("linear: {in_features: 64, out_features: 10}"), "SC301",
         "put `permute: [0, 2, 1]` before it if those are the features, else write `in_features: 50`"),
        ("input: [8, 3, 32, 32]\n" + layers("linear: {in_features: 128, out_features: 10}"), "SC301",
         "put `flatten` before it and write `in_features: 3072` (3 x 32 x 32 = 3,072): the last axis has 32"),
        ("input: [30, 9, 128]\n" + layers("conv: {out_channels: 64, kernel_size: 5}",
                                          "multihead_attention: {num_heads: 4, embed_dim: 64, batch_first: true}"),
         "SC301",
         TURN + ": the 64 features are axis 1"),
        ("input: [30, 64, 128]\n" + layers("gru: {input_size: 64, hidden_size: 5}"), "SC301",
         "write the input as [128, 30, 64], or put `permute: [2, 0, 1]` before the first step"),
    ],
)  # fmt: skip
def test_the_help_names_the_order_of_axes(text: str, code: str, expected: str) -> None:
    diagnostic = refused(text)
    assert (diagnostic.code, diagnostic.help, diagnostic.fix) == (code, expected, None)


@pytest.mark.parametrize(
    ("text", "help_text"),
    [
        ("input: [1, 16, 32, 32]\n" + layers("conv: {out_channels: 64, kernel_size: 1}",
                                             "conv: {in_channels: 32, out_channels: 8, kernel_size: 1}"),
         "write `in_channels: 64`, or leave `in_channels` out: it follows from the input"),
        ("input: [1, 16, 48]\n" + layers("conv: {out_channels: 64, kernel_size: 1}",
                                         "conv: {in_channels: 48, out_channels: 8, kernel_size: 1}"),
         "write `in_channels: 64`, or leave `in_channels` out: it follows from the input"),
        ("input: [1, 3, 32, 32]\n" + layers("conv: {in_channels: 1, out_channels: 8, kernel_size: 1}"),
         "write `in_channels: 3`, or leave `in_channels` out: it follows from the input"),
        ("input: [1, 3, 32, 32]\n" + layers("conv: {in_channels: 32, out_channels: 8, kernel_size: 1}"),
         "write `in_channels: 3`, or leave `in_channels` out: it follows from the input"),
        ("input: [64, 3, 32, 32]\n" + layers("conv: {in_channels: 64, out_channels: 8, kernel_size: 1}"),
         "write `in_channels: 3`, or leave `in_channels` out: it follows from the input"),
        ("input: [1, 10]\n" + layers("linear: {in_features: 12, out_features: 8}"),
         "write `in_features: 10`, or leave `in_features` out: it follows from the input"),
        ("input: [7, 5, 10]\n" + layers("linear: {in_features: 12, out_features: 8}"),
         "write `in_features: 10`, or leave `in_features` out: it follows from the input"),
    ],
)  # fmt: skip
def test_a_size_that_is_another_axis_by_chance_is_a_wrong_size(text: str, help_text: str) -> None:
    assert refused(text).help == help_text


def test_the_permute_of_a_help_gives_a_network_that_is_right() -> None:
    text = WORDS + layers(EMBEDDING, "conv: {in_channels: 100, out_channels: 64, kernel_size: 3}")
    permute = str(refused(text).help).split("`")[1]
    fixed = text.replace("  - conv", f"  - {permute}\n  - conv")
    assert shapecalc.inspect(shapecalc.loads(fixed)).outputs["output"] == (32, 64, 48)


def test_what_follows_from_the_wrong_order_is_not_reported() -> None:
    text = "input: [1, 512, 512, 3]\n" + layers(
        "conv: {in_channels: 3, out_channels: 64, kernel_size: 3}", "max_pool: 2", "max_pool: 2"
    )
    assert refused(text).code == "SC301"


def test_a_later_mistake_of_another_branch_is_reported_too() -> None:
    text = "inputs: {a: [1, 512, 512, 3], b: [1, 12]}\n" + layers(
        "{conv: {in_channels: 3, out_channels: 64, kernel_size: 3}, from: a}",
        "{linear: {in_features: 13, out_features: 2}, from: b}",
    )
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.inspect(shapecalc.loads(text + "outputs: [conv_0, linear_1]\n"))
    assert [diagnostic.span and diagnostic.span.line for diagnostic in caught.value.diagnostics] == [3, 4]


def test_shapes_that_do_not_join_may_have_a_cause_of_their_own() -> None:
    branch = "conv: {out_channels: 16, kernel_size: 3, padding: 1, stride: 2}"
    text = "input: [N, 32, 32, 3]\n" + layers(
        "conv: {out_channels: 16, kernel_size: 3, padding: 1}", "add: {main: [" + branch + "], rest: []}"
    )
    diagnostic = refused(text)
    assert diagnostic.code == "SC315"
    assert diagnostic.help is not None
    assert "stride" in diagnostic.help
    (note,) = diagnostic.notes
    assert note.startswith("another cause may be the order of axes: write the input as [N, 3, 32, 32]")


def test_a_later_run_of_a_body_receives_what_the_run_before_it_gives() -> None:
    body = "{conv: {in_channels: 7, out_channels: 5, kernel_size: 1}, repeat: 2}"
    assert refused("input: [1, 7, 9, 7]\n" + layers(body)).help == (
        "let each run give the shape that it reads, or repeat it fewer times"
    )
