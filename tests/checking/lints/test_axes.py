"""The roles of axes in whole networks."""

from __future__ import annotations

import shapecalc
from shapecalc.checking.lints.axes import layer_axes
from shapecalc.shape_inference.engine import inspect
from tests.support.lints import layers
from tests.support.rows import for_each


def roles_at(text: str, path: str) -> list[str]:
    """Return the roles that arrive at a step, each in a text of initials: batch, channels, space, time, features."""
    entries = layer_axes(inspect(shapecalc.loads(text)))
    found = {"".join(role.value[0] for role in entry.inputs[0].roles) for entry in entries if entry.row.path == path}
    return sorted(found)


END = "{identity: , name: end}"
CONV = "conv: {out_channels: 8, kernel_size: 3}"


@for_each(
    "text, expected",
    [
        ("input: [5, 3, 31, 33]\n" + layers(END), "uuuu"),
        ("input: [N, 3, 31, 33]\n" + layers(END), "buuu"),
        ("input: [T, N, 12]\n" + layers(END), "tbu"),
        ("input: [5, 3, 31, 33]\n" + layers(CONV, END), "bcss"),
        ("input: [5, 3, 31]\n" + layers(CONV, END), "bct"),
        ("input: [5, 3, 31, 33]\n" + layers("max_pool: 2", "relu", "batch_norm", END), "bcss"),
        ("input: [5, 3, 31, 33]\n" + layers("batch_norm", END), "bcuu"),
        ("input: [5, 3, 31, 33]\n" + layers(CONV, "flatten", END), "bu"),
        ("input: [5, 3, 31, 33]\n" + layers(CONV, "flatten: 2", "permute: [0, 2, 1]", END), "bsc"),
        ("input: [5, 3, 31, 33]\n" + layers(CONV, "global_avg_pool: {keepdim: false}", "linear: 4", END), "bf"),
        ("input: [5, 3, 31, 33]\n" + layers(CONV, "global_avg_pool", END), "bcss"),
        ("input: [5, 3, 31, 33]\n" + layers(CONV, "permute: [0, 2, 3, 1]", "linear: 4", END), "bssf"),
        ("input: {shape: [5, 7], dtype: int64}\n"
         + layers("embedding: {num_embeddings: 9, embedding_dim: 6}", END), "uuf"),
        ("input: [5, 7, 6]\n" + layers("lstm: 4", END), "tbf"),
        ("input: [5, 7, 6]\n" + layers("gru: {hidden_size: 4, batch_first: true}", END), "btf"),
        ("input: [N, 7, 6]\n" + layers("gru: 4", END), "buf"),
        ("input: [5, 7, 6]\n" + layers("{gru: 4, name: g}", "{identity: , from: g.h_n, name: end}"), "ubf"),
        ("input: [5, 7, 6]\n" + layers("multihead_attention: {num_heads: 2, batch_first: true}", END), "btf"),
        ("input: [5, 7, 6]\n"
         + layers("{multihead_attention: {num_heads: 2, need_weights: true}, name: a}",
                  "{identity: , from: a.weights, name: end}"), "btt"),
        ("input: [N, 3, 31]\n" + layers("add: {a: [" + CONV + "], b: [" + CONV + "]}", END), "bct"),
        ("input: [N, T, 6]\n" + layers("{concat: {dim: -1}, from: [input, input]}", "linear: 2", END), "btf"),
        ("input: [N, T, 6]\n" + layers("add: {a: [permute: [1, 0, 2]], b: [permute: [1, 0, 2]]}", END), "tbu"),
        ("input: [N, T, 6]\n" + layers("{matmul: {transpose_b: true}, from: [input, input]}", END), "btt"),
        ("input: [N, T, 6]\n" + layers("{chunk: {chunks: 2, dim: -1}, name: c}",
                                       "{identity: , from: c.1, name: end}"), "btu"),
        ("input: [N, T, 6]\n" + layers("{cosine_similarity: {dim: -1}, from: [input, input]}", END), "bt"),
    ],
)  # fmt: skip
def test_roles_that_layers_show(text: str, expected: str) -> None:
    assert roles_at(text, "end") == [expected]


def test_the_runs_of_a_repeat_and_the_calls_of_a_block_read_what_arrives_there() -> None:
    text = f"""\
input: [N, 8, 31, 33]
blocks:
  body: {{layers: [{{identity: , name: first}}, {{conv: {{out_channels: 8, kernel_size: 1}}}}]}}
layers:
  - {{body: , repeat: 3}}
  - {END}
"""
    assert roles_at(text, "first") == ["bcss", "buuu"]
    assert roles_at(text, "end") == ["bcss"]


def test_a_body_may_read_the_steps_around_it() -> None:
    text = """\
input: [N, 8, 31]
layers:
  - {conv: {out_channels: 8, kernel_size: 3}, name: seen}
  - add:
      a: [{identity: , name: inside, repeat: 2}]
      b: [{permute: [0, 1, 2], from: seen}]
"""
    assert roles_at(text, "") == ["bct"]


def test_the_origin_is_the_last_layer_that_changed_the_axes() -> None:
    text = "input: [N, 8, 31]\n" + layers("relu", CONV, "relu", "batch_norm", END)
    entries = layer_axes(inspect(shapecalc.loads(text)))
    read = {entry.row.path: entry.inputs[0] for entry in entries}
    assert read["conv_1"].entry is not None
    assert read["conv_1"].entry.name == "input"
    assert read["end"].entry is None
    assert read["end"].layer is not None
    assert read["end"].layer.path == "conv_1"
    assert read["end"].origin is not None
    assert (read["end"].origin.span.line, read["end"].origin.text) == (4, "gives [N, 8, 29]")


def test_blocks_within_blocks_are_walked_once_for_the_same_roles() -> None:
    calls = ["{relu: , repeat: 2}", *(f"b{level}" for level in range(14))]
    blocks = "".join(f"  b{level}: {{layers: [{call}, {call}]}}\n" for level, call in enumerate(calls))
    text = f"input: [N, 8]\nblocks:\n{blocks}layers: [b14]\n"
    # The two repeats of b0: 65,536 layers when written out.
    assert len(layer_axes(inspect(shapecalc.loads(text)))) == 2
