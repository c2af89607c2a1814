"""Steps as the conversion reads them."""

from __future__ import annotations

from typing import Any

from shapecalc.checking.keras.steps import is_branch, lists_of, read_step, steps_below
from shapecalc.diagnostics import Source
from shapecalc.parser.reader import read_text

TEXT = """\
blocks:
  b: {layers: [Conv2D: 3]}
layers:
  - Dense: 10
  - {add: {main: [ReLU, {Dense: 3, name: x}], rest: []}, from: [a, b]}
  - Concatenate: {axis: 1, left: [ReLU], sizes: [1, 2]}
  - 5
"""


def root() -> Any:
    return read_text(Source("net.yaml", TEXT))


def test_every_step_is_read_with_those_of_its_branches() -> None:
    words = [[step.word.text for step in steps_below(each)] for each in lists_of(root())]
    assert words == [["Dense", "add", "ReLU", "Dense", "Concatenate", "ReLU"], ["Conv2D"]]


def test_fields_are_apart_from_branches_and_from_the_keys_beside_the_word() -> None:
    dense, add, join, number = (read_step(item) for item in root().get("layers").items)
    assert dense is not None
    assert add is not None
    assert join is not None
    assert number is None
    assert (dense.fields, dense.branches, dense.keys) == ((), (), {})
    assert [key.text for key, _ in add.branches] == ["main", "rest"]
    assert list(add.keys) == ["from"]
    assert [key.text for key, _ in join.fields] == ["axis", "sizes"]
    assert [key.text for key, _ in join.branches] == ["left"]


def test_a_second_word_beside_the_first_is_known() -> None:
    step = read_step(read_text(Source("net.yaml", "{Dense: 3, Flatten: }")))
    assert step is not None
    assert [other.text for other in step.others] == ["Flatten"]


def test_a_list_of_numbers_is_no_branch() -> None:
    layers: Any = root()
    sizes = layers.get("layers").items[2].entries[0][1].get("sizes")
    assert not is_branch(sizes)
