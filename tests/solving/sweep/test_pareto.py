"""Which points of a sweep are kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

import shapecalc
from shapecalc.solving.sweep import Query, Run
from shapecalc.solving.sweep.pareto import Key, Selection, front
from tests.support.swept_networks import NET


@pytest.mark.parametrize(
    "choice", [{}, {"by": "macs", "top": 5}, {"by": "-flops", "top": 7}, {"pareto": ["-H", "macs"]}]
)
@pytest.mark.parametrize("chunk", [1, 3, 17, 1000])
def test_a_grid_in_pieces_keeps_what_it_keeps_as_one(choice, chunk) -> None:
    net, axes = shapecalc.loads(NET), {"width": (8, 4), "H": range(8, 20), "W": range(8, 14)}
    whole = list(shapecalc.sweep(net, axes, **choice).rows())
    run = Run(net, axes, Query(**choice), chunk=chunk)
    chunks = [
        dict(zip(piece.columns, row, strict=True))
        for piece in run.chunks()
        for row in zip(*(values.tolist() for values in piece.columns.values()), strict=True)
    ]
    assert chunks == whole


def test_top_keeps_the_first_of_equals_in_the_order_of_the_grid() -> None:
    found = shapecalc.sweep(shapecalc.load("resnet50"), {"H": [64, 32, 33, 64, 32]}, by="params", top=3)
    assert found.columns["H"].tolist() == [64, 32, 33]


@given(st.lists(st.tuples(*[st.integers(0, 6)] * 3), max_size=40), st.integers(1, 3), st.booleans())
def test_a_front_is_what_no_point_beats(points, count, wide) -> None:
    columns = [np.array([point[axis] for point in points], dtype=object if wide else np.int64) for axis in range(count)]
    wanted = [
        index
        for index, point in enumerate(points)
        if not any(
            all(a <= b for a, b in zip(other[:count], point[:count], strict=True)) and other[:count] != point[:count]
            for other in points
        )
    ]
    assert front(columns).tolist() == wanted


@given(st.lists(st.integers(0, 9), max_size=30), st.integers(1, 12), st.booleans(), st.booleans())
def test_top_is_the_head_of_the_whole_order(values, top, descending, wide) -> None:
    columns = {"macs": np.array(values, dtype=object if wide else np.int64)}
    wanted = sorted(range(len(values)), key=lambda at: -values[at] if descending else values[at])[:top]
    assert Selection((), Key("macs", descending), top).of(columns, len(values)).tolist() == wanted
