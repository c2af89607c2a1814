"""Steps that several operators need."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shapecalc.importers.graph import ImportedGraph, Stored
from shapecalc.importers.torch_export.archive import Archive
from shapecalc.importers.torch_export.operands import FileTensor
from shapecalc.importers.torch_export.steps import Steps
from shapecalc.importers.unreadable import Unreadable

FILE = str(Path(__file__).parents[2] / "oracle/torch_exports/dense.pt2")


@pytest.fixture
def steps() -> Steps:
    return Steps(Archive(FILE, FILE), ImportedGraph("net", "a test"))


def test_equal_constants_are_one_step(steps: Steps) -> None:
    first, again, other = (steps.constant(np.array(values)) for values in ([1, 2], [1, 2], [1.0, 2.0]))
    assert first.key == again.key != other.key
    assert (first.dtype, other.dtype) == ("int64", "float32")


def test_a_long_constant_comes_with_the_weights(steps: Steps) -> None:
    value = steps.constant(np.arange(100.0))
    assert not isinstance(value.node, str)
    name = value.node.tensors[""].name
    assert steps.computed[name].tolist() == list(range(100))


def test_a_parameter_is_one_step_and_comes_before_the_layer_that_has_it(steps: Steps) -> None:
    weight = FileTensor(Stored("w", (3, 4)))
    x = steps.graph.input("x", (1, 4))
    steps.step("linear", x, out_features=3, bias=False, tensors={"weight": steps.weight(weight)})
    assert steps.value(weight).key == steps.value(weight).key
    assert [node.type for node in steps.graph.nodes] == ["parameter", "linear"]


def test_a_parameter_in_two_shapes_is_refused(steps: Steps) -> None:
    steps.own(Stored("w", (3, 4)))
    with pytest.raises(Unreadable, match="next to"):
        steps.own(Stored("w", (12,)))


def test_constants_that_need_too_much_memory_are_refused(steps: Steps) -> None:
    steps.charge((1000, 10), 20_000, 50_000)
    with pytest.raises(Unreadable, match="20001 elements"):
        steps.charge((20_001,), 20_000, 50_000)


def test_constants_that_need_too_much_memory_together_are_refused(steps: Steps) -> None:
    for _ in range(5):
        steps.charge((10_000,), 20_000, 50_000)
    with pytest.raises(Unreadable):
        steps.charge((10_000,), 20_000, 50_000)


def test_an_axis_that_has_its_size_is_not_expanded(steps: Steps) -> None:
    x = steps.graph.input("x", (1, 4))
    assert steps.expand(x, (1, 4)).key == x.key
    assert steps.expand(x, (2, 3, 4)).shape == (2, 3, 4)
