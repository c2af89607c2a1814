"""SC411: a reshape where a permute is meant."""

from __future__ import annotations

import numpy as np
import pytest

import shapecalc
from tests.support.lints import layers, warned
from tests.support.right_networks import RIGHT
from tests.support.rows import for_each

CODE = "SC411"
CONV = "conv: {out_channels: 12, kernel_size: 1}"
LSTM = "lstm: {hidden_size: 12, batch_first: true}"


@pytest.mark.parametrize(
    ("text", "help_text"),
    [
        ("input: [N, 3, 7, 5]\n" + layers(CONV, "reshape: [0, 35, 12]"),
         "put `flatten: 2` and `permute: [0, 2, 1]` in its place"),
        ("input: [N, 3, 7, 7]\n" + layers(CONV, "relu", "reshape: [0, -1, 12]", "layer_norm", LSTM),
         "put `flatten: 2` and `permute: [0, 2, 1]` in its place"),
        ("input: [N, 224, 200, 3]\n" + layers("reshape: [0, 3, 224, 200]", CONV),
         "put `permute: [0, 3, 1, 2]` in its place"),
        ("input: [8, 28, 28, 3]\n" + layers("reshape: [8, 3, 28, 28]", CONV),
         "put `permute: [0, 3, 1, 2]` in its place"),
        ("input: [N, 3, 7, 5]\n" + layers(CONV, "reshape: [0, 7, 5, 12]", "linear: 4"),
         "put `permute: [0, 2, 3, 1]` in its place"),
        ("input: [N, 9, 6]\n" + layers(LSTM, "reshape: [0, 12, 9]", CONV), "put `permute: [0, 2, 1]` in its place"),
        ("input: [N, 35, 6]\n" + layers("linear: 12", "reshape: [0, 12, 7, 5]", CONV),
         "put `permute` before it, so that the last axis is the second"),
        ("input: {shape: [N, 9], dtype: int64}\n"
         + layers("embedding: {num_embeddings: 30, embedding_dim: 12}", "reshape: [0, 12, 9]", CONV),
         "put `permute: [0, 2, 1]` in its place"),
    ],
)  # fmt: skip
def test_a_reshape_to_the_sizes_of_another_order(text: str, help_text: str) -> None:
    (warning,) = [each for each in warned(text) if each.code == CODE]
    assert warning.help == help_text


@for_each("name", RIGHT)
def test_a_right_network_is_not_warned_of(name: str) -> None:
    assert not [warning for warning in warned(RIGHT[name]) if warning.message.startswith("`reshape`")]


@pytest.mark.parametrize(
    "text",
    [
        "input: [N, 28, 28, 1]\n" + layers("reshape: [0, 1, 28, 28]", CONV),
        "input: [N, 784]\n" + layers("reshape: [0, 1, 28, 28]", CONV),
        "input: [N, 3, 7, 5]\n" + layers(CONV, "reshape: [0, 12, 35]"),
        "input: [N, 3, 6, 2]\n" + layers(CONV, "reshape: [0, 12, 12]"),
        "input: [N, 3, 7, 5]\n" + layers(CONV, "reshape: [0, 3, 4, 7, 5]"),
        "input: [N, 9, 12]\n" + layers("linear: 12", "reshape: [0, 9, 3, 4]"),
        "input: [N, 9, 12]\n" + layers("linear: 12", "reshape: [0, 108]"),
        "input: [N, 4, 9, 10]\n" + layers("reshape: [0, 4, 10, 9]"),
        "input: [N, 9, 10]\n" + layers("reshape: [0, 10, 9]"),
        "input: [N, 12]\n" + layers("linear: 35", "reshape: [0, 7, 5]"),
        "input: [N, 3, 7, 5]\n" + layers(CONV, "flatten: 2", "permute: [0, 2, 1]"),
    ],
)
def test_a_reshape_that_keeps_the_order(text: str) -> None:
    assert CODE not in {warning.code for warning in warned(text)}


@pytest.mark.parametrize(
    ("shape", "reshape", "moved", "differs"),
    [
        ((2, 12, 7, 5), "[0, 35, 12]", (1, -1), True),
        ((2, 7, 5, 3), "[0, 3, 7, 5]", (-1, 1), True),
        ((2, 9, 12), "[0, 12, 9]", (-1, 1), True),
        ((2, 9, 8, 1), "[0, 1, 9, 8]", (-1, 1), False),
        ((2, 1, 9, 8), "[0, 9, 8, 1]", (1, -1), False),
    ],
)
def test_a_reshape_is_warned_of_if_numpy_moves_elements_to_the_same_sizes(
    shape: tuple[int, ...], reshape: str, moved: tuple[int, int], *, differs: bool
) -> None:
    text = f"input: {list(shape)}\n" + layers(f"reshape: {reshape}")
    x = np.arange(np.prod(shape), dtype="float32").reshape(shape)
    (result,) = shapecalc.run(shapecalc.loads(text), {"input": x}).values()
    meant = np.moveaxis(x, *moved).reshape(result.shape)
    assert np.array_equal(result, meant) is not differs
    assert (CODE in {warning.code for warning in warned(text)}) is differs
