"""Selections and reductions over axes: shapes, costs, and what does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import shapecalc
from shapecalc.dims import Condition, Relation, symbol
from shapecalc.layers.reducing import Max, Mean, Select, Sum
from shapecalc.layers.saved import Storage
from tests.support.layers import flops, made, refused, required, saved
from tests.support.rows import for_each

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


MAP = (2, 64, 7, 5)


@for_each("word", ("mean", "max", "min", "sum", "prod", "logsumexp", "var", "std", "norm"))
def test_several_axes_are_reduced_at_once_and_null_is_all(word: str) -> None:
    """x.mean([2, 3]) in PyTorch."""
    assert made(word, dim=(2, 3)).output_shape(MAP) == (2, 64)
    assert made(word, dim=(-1, 1), keepdim=True).output_shape(MAP) == (2, 1, 7, 1)
    assert made(word, dim=None).output_shape(MAP) == ()
    assert made(word, dim=None, keepdim=True).output_shape(MAP) == (1, 1, 1, 1)
    error = refused(made(word, dim=(2, -2)), MAP)
    assert (error.code, error.field, error.index) == ("SC205", "dim", (1,))
    assert error.message == "expects each axis of [2, 64, 7, 5] at most once in `dim`, receives axis 2 again"


def test_what_a_row_costs_follows_from_its_definition() -> None:
    rows, n = 2 * 64, 35
    costs = {"mean": n, "sum": n - 1, "prod": n - 1, "min": n - 1, "logsumexp": 4 * n, "var": 4 * n, "std": 4 * n + 1}
    assert {word: flops(made(word, dim=(2, 3)), MAP) for word in costs} == {
        word: rows * each for word, each in costs.items()
    }


def test_a_deviation_of_too_few_elements_is_refused() -> None:
    error = refused(made("var", dim=1), (4, 1))
    assert (error.code, error.help) == ("SC302", "write `correction: 0`")
    assert error.message == "expects at least 2 elements to take the deviation of, receives 1 of [4, 1]"
    assert made("std", dim=1, correction=0).output_shape((4, 1)) == (4,)
    assert required(made("var", dim=1, correction=1.5), (2, H)) == [Condition(H - 2, Relation.NONNEGATIVE)]


@for_each("word, dtype, gives", [("sum", "bool", "int64"), ("sum", "int64", "int64"), ("max", "int64", "int64")])
def test_integers_are_summed_and_compared_as_integers(word: str, dtype: str, gives: str) -> None:
    assert made(word, dim=0).output_dtype("output", (dtype,)) == gives


def test_a_mean_over_the_map_reads_as_global_average_pooling() -> None:
    network = shapecalc.loads("input: [N, 64, 7, 7]\nlayers:\n  - mean: [2, 3]\n  - linear: 10\n")
    pooled = shapecalc.loads("input: [N, 64, 7, 7]\nlayers:\n  - global_avg_pool: {keepdim: false}\n  - linear: 10\n")
    assert shapecalc.inspect(network).totals == shapecalc.inspect(pooled).totals
    assert shapecalc.verify(network).ok
    x = {"input": np.random.default_rng(1).standard_normal((2, 64, 7, 7)).astype(np.float32)}
    np.testing.assert_allclose(
        *(shapecalc.run(each, x, seed=3)["output"] for each in (network, pooled)), rtol=1e-5, atol=1e-6
    )


def test_null_is_written_for_all_axes() -> None:
    report = shapecalc.inspect(shapecalc.loads("input: [N, 4]\nlayers:\n  - sum: {dim: null, keepdim: true}\n"))
    assert report.layers[-1].output == (1, 1)
    with pytest.raises(shapecalc.ShapecalcError, match="SC106"):
        shapecalc.loads("input: [N, 4]\nlayers: [sum]")
