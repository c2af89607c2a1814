"""Selections and reductions over one axis: shapes, costs, and what does not fit."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.dims import Condition, Relation, symbol
from shapecalc.layers.reducing import Max, Mean, Select, Sum
from shapecalc.layers.saved import Storage
from tests.support.layers import flops, made, refused, required, saved

H = symbol("H")
X = (2, 3, 5)


@pytest.mark.parametrize(
    ("dim", "y", "kept"), [(0, (3, 5), (1, 3, 5)), (-1, (2, 3), (2, 3, 1)), (1, (2, 5), (2, 1, 5))]
)
def test_a_reduced_axis_is_removed_or_has_size_1(dim: int, y: Any, kept: Any) -> None:
    for type_ in ("mean", "max", "sum"):
        assert made(type_, dim=dim).output_shape(X) == y
        assert made(type_, dim=dim, keepdim=True).output_shape(X) == kept


def test_a_row_of_n_costs_n_less_one_operations_and_a_mean_one_division_more() -> None:
    assert [flops(cls(dim=2), X) for cls in (Sum, Max, Mean)] == [6 * 4, 6 * 4, 6 * 5]


def test_only_a_maximum_saves_what_it_compared() -> None:
    assert [saved(cls(dim=2), X) for cls in (Sum, Max, Mean)] == [{}, {"input": 30, "output": 6}, {}]


@pytest.mark.parametrize(("index", "valid"), [(-6, False), (-5, True), (0, True), (4, True), (5, False)])
def test_an_index_counts_from_either_end_of_the_axis(index: int, valid: bool) -> None:
    layer = Select(dim=-1, index=index)
    if valid:
        assert layer.output_shape(X) == (2, 3)
        assert flops(layer, X) == 0
        return
    error = refused(layer, X)
    assert (error.code, error.field) == ("SC310", "index")
    assert error.message == f"expects an index from -5 to 4 of axis 2 of [2, 3, 5], receives {index}"


@pytest.mark.parametrize(("index", "least"), [(3, 4), (-3, 3)])
def test_a_symbol_must_be_long_enough_for_the_index(index: int, least: int) -> None:
    assert required(Select(dim=1, index=index), (2, H)) == [Condition(H - least, Relation.NONNEGATIVE)]


def test_the_axis_must_exist() -> None:
    for layer in (Select(dim=3, index=0), Mean(dim=3)):
        error = refused(layer, X)
        assert (error.code, error.field) == ("SC310", "dim")


def test_a_selection_of_the_first_axis_has_no_gaps_in_memory() -> None:
    assert (Select(dim=0, index=1).storage, Select(dim=1, index=1).storage) == (Storage.SAME, Storage.VIEW)
