"""How inputs are read and written."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.checking.keras.inputs import KerasInputs
from shapecalc.checking.keras.recognition import Order
from shapecalc.checking.keras.refusal import NotConvertedError
from shapecalc.checking.keras.walk import Decisions, KerasWalk
from shapecalc.diagnostics import Source
from shapecalc.dims import show
from shapecalc.parser.reader import read_text


def inputs(text: str) -> KerasInputs:
    source = Source("net.yaml", text)
    root: Any = read_text(source)
    return KerasInputs(source, root)


def written(text: str, *moved: str) -> str:
    walk = KerasWalk(text, Order.LAST, Decisions(), {}, frozenset())
    assert list(inputs(text).write(walk, Decisions(frozenset(moved))))
    return walk.edits.applied()


def test_the_channels_of_a_moved_input_are_on_axis_1() -> None:
    found = inputs("input: [N, 30, 20, 3]\nlayers: [Dense: 3]\n")
    assert show(found.tensor("input", moved=False).shape) == "[N, 30, 20, 3]"
    assert show(found.tensor("input", moved=True).shape) == "[N, 3, 30, 20]"


@pytest.mark.parametrize("batch", ["None", "null", "-1", "~"])
def test_a_batch_of_any_size_is_n(batch: str) -> None:
    text = f"input: [{batch}, 30, 20, 3]\nlayers: [Dense: 3]\n"
    assert written(text) == "input: [N, 30, 20, 3]\nlayers: [Dense: 3]\n"


def test_an_input_of_an_embedding_has_indices() -> None:
    assert written("input: [N, 30]\nlayers: [Embedding: {input_dim: 3, output_dim: 4}]\n") == (
        "input: {shape: [N, 30], dtype: int64}\nlayers: [Embedding: {input_dim: 3, output_dim: 4}]\n"
    )


def test_the_axes_of_one_of_several_inputs_move_within_a_mapping() -> None:
    text = "inputs:\n  a: {shape: [N, 8, 9, 3]}\n  b: [N, 8, 9, 3]\nlayers: [Dense: 3]\n"
    assert written(text, "a") == "inputs:\n  a: {shape: [N, 3, 8, 9]}\n  b: [N, 8, 9, 3]\nlayers: [Dense: 3]\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("layers: [Dense: 3]\n", "the file has no `input:`"),
        ("input: 5\nlayers: [Dense: 3]\n", "the shape of `input` cannot be read"),
        ("input: [N, 0]\nlayers: [Dense: 3]\n", "the shape of `input` cannot be read"),
    ],
)
def test_a_shape_that_cannot_be_read_stops_the_conversion(text: str, reason: str) -> None:
    with pytest.raises(NotConvertedError, match=reason):
        inputs(text)
