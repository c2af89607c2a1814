"""Indices of a maximum, and the greatest elements: shapes, dtypes, costs and constraints."""

from __future__ import annotations

from shapecalc.dims import Condition, Relation, symbol
from shapecalc.layers.searching import Argmax, Topk
from tests.support.layers import flops, refused, required

E = symbol("E")


def test_the_index_of_a_maximum_is_found_in_n_less_one_comparisons() -> None:
    assert Argmax(dim=1).output_shape((2, 9, 5)) == (2, 5)
    assert Argmax(dim=-1, keepdim=True).output_shape((2, 9, 5)) == (2, 9, 1)
    assert flops(Argmax(dim=1), (2, 9, 5)) == 2 * 5 * 8


def test_the_greatest_elements_have_indices() -> None:
    layer = Topk(k=3, dim=1)
    assert layer.outputs((2, 9, 5)) == {"values": (2, 3, 5), "indices": (2, 3, 5)}
    assert [layer.output_dtype(name, ("float32",)) for name in layer.output_names] == ["float32", "int64"]
    assert flops(layer, (2, 9, 5)) == 2 * 5 * (8 + 7 + 6)


def test_an_axis_has_as_many_elements_as_are_selected() -> None:
    error = refused(Topk(k=9), (2, 8))
    assert (error.code, error.field, error.help) == ("SC304", "k", "write `k: 8` or less")
    assert required(Topk(k=3), (2, E)) == [Condition(E - 3, Relation.NONNEGATIVE)]
