"""Cumulative sums: shapes, dtypes and costs."""

from __future__ import annotations

from shapecalc.layers.cumulative import Cumsum
from tests.support.layers import flops, refused


def test_a_row_of_n_costs_n_less_one_additions() -> None:
    assert Cumsum(dim=1).output_shape((2, 7, 3)) == (2, 7, 3)
    assert flops(Cumsum(dim=1), (2, 7, 3)) == 2 * 3 * 6


def test_flags_are_counted_in_whole_numbers() -> None:
    given = {dtype: Cumsum(dim=0).output_dtype("output", (dtype,)) for dtype in ("float32", "int64", "bool")}
    assert given == {"float32": "float32", "int64": "int64", "bool": "int64"}


def test_the_axis_must_exist() -> None:
    error = refused(Cumsum(dim=2), (5, 3))
    assert (error.code, error.field) == ("SC310", "dim")
