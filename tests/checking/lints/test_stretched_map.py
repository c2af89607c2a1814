"""SC416: a merge that stretches an input which should have the other's size."""

from __future__ import annotations

import numpy as np
import pytest

import shapecalc
from tests.support.lints import layers, warned
from tests.support.rows import for_each

SAME = "{conv: {out_channels: 8, kernel_size: 3, padding: 1}}"
STRIDED = "{conv: {out_channels: 8, kernel_size: 3, stride: [4, 1], padding: [0, 1]}}"
GATE = "{conv: {out_channels: 8, kernel_size: 1}}, sigmoid"


def messages(text: str) -> list[str]:
    return [finding.message for finding in warned(text) if finding.code == "SC416"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "inputs: {a: [N, 64, 56, 56], b: [N, 64, 1, 56]}\n" + layers("{add: , from: [a, b]}"), id="one row"
        ),
        pytest.param(
            "inputs: {a: [N, 4, 9, 9, 9], b: [N, 4, 9, 9, 1]}\n" + layers("{multiply: , from: [a, b]}"), id="a voxel"
        ),
        pytest.param(
            "input: [N, 8, 5, 20]\n" + layers(f"add: {{main: [{SAME}], side: [{STRIDED}]}}"),
            id="a stride that leaves one row",
        ),
        pytest.param(
            "input: [N, 8, 3, 20]\n"
            + layers(f"add: {{main: [{SAME}], side: [{{max_pool: {{kernel_size: [2, 1]}}}}, relu]}}"),
            id="a pool of three rows",
        ),
        pytest.param(
            "input: [N, 1, 28, 28]\n" + layers(f"add: {{main: [{SAME}, relu], shortcut: []}}"), id="a grey shortcut"
        ),
        pytest.param(
            "input: [N, 1, 28]\nblocks: {b: {layers: [{add: {main: ["
            + SAME
            + "], shortcut: []}}]}}\n"
            + layers("unsqueeze: 2", "b"),
            id="in a block",
        ),
        pytest.param(
            "inputs: {p: [N, 5], t: [N]}\n" + layers("{linear: 1, from: p, name: l}", "{add: , from: [l, t]}"),
            id="a column and a row",
        ),
        pytest.param(
            "inputs: {p: [32, 5], t: [32]}\n" + layers("{linear: 1, from: p, name: l}", "{add: , from: [t, l]}"),
            id="a column and a row, in numbers",
        ),
        pytest.param(
            "input: [N, 8, 9, 9]\n" + layers("global_avg_pool", "multiply: {pooled: [], gate: [flatten, linear: 8]}"),
            id="a flattened gate and a map of one position",
        ),
        pytest.param("inputs: {x: [N, T, 16], c: [N, 16]}\n" + layers("{add: , from: [x, c]}"), id="N meets T"),
        pytest.param("inputs: {x: [N, 10, 16], c: [N, 16]}\n" + layers("{multiply: , from: [x, c]}"), id="N meets 10"),
    ],
)
def test_a_stretch_by_accident_is_warned_of_once(text: str) -> None:
    assert len(messages(text)) == 1


@for_each(
    "text",
    [
        pytest.param(
            "input: [N, 8, 9, 9]\n" + layers(f"multiply: {{x: [], gate: [global_avg_pool, {GATE}]}}"), id="SE"
        ),
        pytest.param(
            "input: [N, H, W, 192]\n"
            + layers("{relu: , name: a}", "{reshape: [-1, 32, 32, 192], name: b}", "{add: , from: [a, b]}"),
            id="a reshape that is valid at one size alone",
        ),
        pytest.param(
            "input: [N, 8, 9, 9]\n" + layers(f"add: {{x: [], context: [global_avg_pool, {GATE}]}}"), id="GCNet"
        ),
        pytest.param(
            "input: [N, 8, 9, 9]\n" + layers("multiply: {x: [], mask: [{conv: {out_channels: 1, kernel_size: 1}}]}"),
            id="a mask of positions",
        ),
        pytest.param("input: [N, 8, 9, 7]\n" + layers("add: {x: [], rows: [{avg_pool: [1, 7]}]}"), id="strip pooling"),
        pytest.param(
            "input: [N, 8, 9, 7]\n" + layers("multiply: {x: [], rows: [{mean: {dim: 3, keepdim: true}}, relu]}"),
            id="coordinate attention",
        ),
        pytest.param(
            "input: [N, 8, 9, 7]\n" + layers("add: {x: [], rows: [{adaptive_avg_pool: [null, 1]}]}"), id="adaptive"
        ),
        pytest.param(
            "inputs: {x: [N, T, 16], p: [1, T, 16]}\n" + layers("{add: , from: [x, p]}"), id="a table of positions"
        ),
        pytest.param(
            "inputs: {x: [N, 8, T, T], m: [N, 1, 1, T]}\n" + layers("{add: , from: [x, m]}"), id="a mask of keys"
        ),
        pytest.param("inputs: {x: [N, 8, T, T], m: [1, 8, 1, T]}\n" + layers("{add: , from: [x, m]}"), id="ALiBi"),
        pytest.param("inputs: {x: [N, 8, 9, 9], b: [8, 1, 1]}\n" + layers("{add: , from: [x, b]}"), id="a bias"),
        pytest.param(
            "inputs: {x: [N, T, 16], c: [N, 1, 16]}\n" + layers("{add: , from: [x, c]}"), id="a query for all keys"
        ),
        pytest.param("inputs: {x: [N, 8], y: [B, 8]}\n" + layers("{add: , from: [x, y]}"), id="two names of a batch"),
        pytest.param("inputs: {x: [N, 8, 1, 1], y: [9, 9]}\n" + layers("{add: , from: [x, y]}"), id="a table of a map"),
        pytest.param(
            "input: [N, 64]\n" + layers("add: {value: [linear: 1], advantage: [linear: 6]}"), id="dueling DQN"
        ),
        pytest.param(
            "input: [5, 4]\n" + layers("{linear: 1, name: a}", "{permute: [1, 0], name: b}", "{add: , from: [a, b]}"),
            id="pairs of nodes",
        ),
        pytest.param(
            "input: [N, 1, 9, 9]\n" + layers("add: {main: [{conv: {out_channels: 1, kernel_size: 1}}], shortcut: []}"),
            id="one channel on both sides",
        ),
        pytest.param(
            "inputs: {x: [N, 8, 9, 9], y: [N, 8, 9]}\n"
            + layers("{unsqueeze: 3, from: y, name: u}", "{add: , from: [x, u]}"),
            id="stretched by a step",
        ),
    ],
)
def test_a_stretch_on_purpose_is_not_warned_of(text: str) -> None:
    assert messages(text) == []


def test_a_column_and_a_row_give_a_square_in_numbers_too() -> None:
    text = "inputs: {p: [4, 1], t: [4]}\n" + layers("{add: , from: [p, t]}")
    arrays = {"p": np.ones((4, 1), "float32"), "t": np.ones(4, "float32")}
    assert shapecalc.run(shapecalc.loads(text), arrays)["output"].shape == (4, 4)
    assert messages(text) == ["`add` merges each sample with each: [4, 1] and [4] give [4, 4]"]


def test_both_inputs_are_underlined() -> None:
    (finding,) = warned("inputs:\n  a: [N, 64, 56, 56]\n  b: [N, 64, 1, 56]\n" + layers("{add: , from: [a, b]}"))
    assert [label.span.line for label in finding.labels] == [2, 3]
