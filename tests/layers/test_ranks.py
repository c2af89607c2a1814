"""The layers that a rank error names give the layer an input that it reads."""

import re

import pytest

from shapecalc import ShapecalcError, inspect, loads
from tests.support.rows import for_each

CONV = "{conv: {out_channels: 4, kernel_size: 3}}"
LSTM = "{lstm: {hidden_size: 8, batch_first: true}}"

BRIDGED = [
    ("[N, 784]", CONV, "`reshape: [0, 1, 28, 28]`", "pixels of digits"),
    ("[N, 784]", CONV, "`unsqueeze: 1`", "or a signal"),
    ("[N, 3072]", "{max_pool: 2}", "`reshape: [0, 3, 32, 32]`", "pixels in colour"),
    ("[N, 6272]", "{conv_transpose: {out_channels: 4, kernel_size: 3}}", "`reshape: [0, 128, 7, 7]`", "a generator"),
    ("[N, 100]", "{conv_transpose: {out_channels: 4, kernel_size: 4}}", "`reshape: [0, 100, 1, 1]`", "DCGAN's latent"),
    ("[N, T]", CONV, "`unsqueeze: 1`", "a waveform"),
    ("[N, 64]", "global_avg_pool", "`reshape: [0, 1, 8, 8]`", "pooled twice"),
    ("[N, 64]", "{pixel_shuffle: 1}", "`reshape: [0, 1, 8, 8]`", "a plane"),
    ("[N, 4, 28]", "{pixel_shuffle: 1}", "`unsqueeze: 1`", "an image without channels"),
    ("[N, 2, 5, 3, 8, 8]", "{max_pool: 2}", "`flatten: {start_dim: 0, end_dim: 1}`", "one axis too many"),
    ("[N, 512, 1, 26]", LSTM, "`permute: [0, 3, 1, 2]` and `flatten: 2`", "CRNN: columns are steps"),
    ("[N, 512, 4, 26]", "{gru: {hidden_size: 8}}", "`permute: [3, 0, 1, 2]` and `flatten: 2`", "the same, time first"),
    ("[N, 6, 7, 7]", "{multihead_attention: {num_heads: 2, batch_first: true}}",
     "`flatten: 2` and `permute: [0, 2, 1]`",
     "positions of a map"),
    ("[N, 6, 7, 7]", "{multihead_attention: {num_heads: 2}}", "`flatten: 2` and `permute: [2, 0, 1]`", "time first"),
    ("[N, 6, 7, 7]", "class_token", "`flatten: 2` and `permute: [0, 2, 1]`", "patches of a ViT"),
    ("[N, 50]", LSTM, "`unsqueeze: -1`", "steps of one number"),
    ("[N, 50]", LSTM, "`unsqueeze: 1`", "or one step"),
    ("[N, 50]", "{rnn: {hidden_size: 8}}", "`permute: [1, 0]` and `unsqueeze: -1`", "time first"),
    ("[N, 5, 3, 8, 8]", LSTM, "`flatten: 2`", "a video"),
]  # fmt: skip


def _help(text: str) -> str:
    with pytest.raises(ShapecalcError) as caught:
        inspect(loads(text))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code in {"SC305", "SC315"}
    return diagnostic.help or ""


@for_each("shape, layer, named, why", BRIDGED)
def test_the_layers_that_a_help_names_bridge_the_ranks(shape: str, layer: str, named: str, why: str) -> None:
    text = f"{{input: {shape}, layers: [LAYERS]}}"
    assert named in _help(text.replace("LAYERS", layer)), why
    bridges = [f"{{{step}}}" for step in re.findall(r"`([^`]*)`", named)]
    assert inspect(loads(text.replace("LAYERS", ", ".join([*bridges, layer])))).outputs


def test_numbers_per_channel_are_given_the_axes_of_the_map_that_they_scale() -> None:
    text = "{inputs: {a: [N, 8, 7, 7], b: [N, 8]}, layers: [STEPS {multiply: null, from: [a, LAST]}]}"
    assert _help(text.replace("STEPS", "").replace("LAST", "b")) == (
        "put `reshape: [0, 0, 1, 1]` after [N, 8]: one number per channel"
    )
    fixed = text.replace("STEPS", "{reshape: [0, 0, 1, 1], from: b, name: gate},").replace("LAST", "gate")
    assert inspect(loads(fixed)).outputs["output"][1:] == (8, 7, 7)


def test_a_map_that_joins_rows_of_features_is_flattened() -> None:
    text = "{inputs: {a: [N, 8, 7, 7], b: [N, 5]}, layers: [STEPS {concat: null, from: [LAST, b]}]}"
    assert _help(text.replace("STEPS", "").replace("LAST", "a")) == (
        "put `flatten`, or `global_avg_pool` and `flatten`, after [N, 8, 7, 7]"
    )
    for steps in ("{flatten: null, from: a, name: x},", "{global_avg_pool: null, from: a}, {flatten: null, name: x},"):
        assert inspect(loads(text.replace("STEPS", steps).replace("LAST", "x"))).outputs


@pytest.mark.parametrize(
    ("steps", "last", "left_out"),
    [
        ("flatten", CONV, "leave `flatten` out, which reads [N, 8, 32, 32]"),
        ("global_avg_pool, flatten", "{max_pool: 1}", "leave `flatten` out, which reads [N, 8, 1, 1]"),
        ("{mean: 1}", "{batch_norm: null}, {pixel_shuffle: 2}", "leave `mean` out, which reads [N, 8, 32, 32]"),
    ],
)
def test_a_layer_that_took_the_axes_away_is_left_out(steps: str, last: str, left_out: str) -> None:
    text = f"{{input: [N, 8, 32, 32], layers: [{steps}, {last.rpartition('}, ')[2]}]}}"
    assert _help(text).startswith(left_out)
    *others, _ = steps.rpartition(", ")
    inspect(loads(text.replace(steps, others[0] or "relu")))


@pytest.mark.parametrize("shape", ["[N]", "[N, 3, 8, 8, 8, 8, 8, 8, 8]"])
def test_nothing_is_named_that_would_not_help(shape: str) -> None:
    assert "unsqueeze" not in _help(f"{{input: {shape}, layers: [{CONV}]}}")
