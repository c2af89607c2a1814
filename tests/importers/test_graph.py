"""A graph of layers: our rules give the shapes, and what they refuse is not imported."""

from __future__ import annotations

import pytest

from shapecalc.importers.graph import ImportedGraph, Place, Stored
from shapecalc.importers.unreadable import Unreadable


@pytest.fixture
def graph():
    return ImportedGraph("net", "a test")


def test_a_step_has_the_shapes_of_our_rules(graph):
    x = graph.input("x", (2, 3, 11, 7))
    y = graph.step("conv", x, out_channels=5, kernel_size=[3, 1], stride=(2, 1), padding=[1, 0])
    assert y.shape == (2, 5, 6, 7)
    assert graph.step("flatten", y).shape == (2, 5 * 6 * 7)


def test_further_outputs_are_read_by_name(graph):
    y = graph.step("lstm", graph.input("x", (2, 5, 3)), hidden_size=4, batch_first=True)
    assert (y.shape, y.other("h_n").shape) == ((2, 5, 4), (1, 2, 4))


def test_the_dtype_is_that_of_the_layer(graph):
    y = graph.step("argmax", graph.input("x", (2, 5)), dim=1)
    assert y.dtype == "int64"


def test_what_our_rules_refuse_names_the_place(graph):
    graph.place = Place("encoder.0", "net.py:7")
    with pytest.raises(Unreadable) as refused:
        graph.step("matmul", graph.input("x", (2, 3)), graph.input("y", (4, 5)))
    assert refused.value.place == "encoder.0, net.py:7"


def test_a_tensor_of_another_shape_is_refused(graph):
    with pytest.raises(Unreadable, match=r"has \[4, 3\] as `weight`, the file \[3, 4\] of `fc.weight`"):
        graph.step(
            "linear",
            graph.input("x", (2, 3)),
            out_features=4,
            bias=False,
            tensors={"weight": Stored("fc.weight", (3, 4))},
        )


def test_a_tensor_is_one_step_however_often_it_is_read(graph):
    stored = Stored("positions", (1, 5, 3))
    assert graph.tensor(stored).key == graph.tensor(stored).key
    assert [node.type for node in graph.nodes] == ["parameter"]
    assert graph.tensor(Stored("mask", (5, 5), "bool", trainable=False)).dtype == "bool"


def test_one_size_stands_for_all_axes_only_if_the_shape_is_the_same(graph):
    x = graph.input("x", (1, 3, 8, 8))
    conv = graph.step("conv", x, out_channels=2, kernel_size=(3, 3)).node
    rolled = graph.step("roll", x, shifts=(1, 1), dims=(2, 3)).node
    assert conv.takes_one("kernel_size")
    assert not rolled.takes_one("shifts")


def test_an_operator_without_a_layer_has_the_shapes_that_the_file_states(graph):
    x = graph.input("x", (2, 3))
    values = graph.opaque("aten.unique", [x], [((4,), "float32"), ((2, 3), "int64")])
    assert [(value.shape, value.dtype) for value in values] == [((4,), "float32"), ((2, 3), "int64")]


def test_outputs_of_an_operator_without_a_layer_that_nothing_reads_are_dropped_but_for_one(graph):
    x = graph.input("x", (2, 3))
    first, second = graph.opaque("aten.cummax", [x], [((2, 3), "float32"), ((2, 3), "int64")])
    graph.place = Place("later")
    graph.opaque("aten.cummax", [x], [((2, 3), "float32"), ((2, 3), "int64")])
    graph.output("y", second)
    graph.drop_unread_opaque()
    assert [node.value().dtype for node in graph.nodes] == ["int64", "float32"]
    assert first.node not in graph.nodes
