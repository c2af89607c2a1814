"""Copies along axes of size 1, of the whole, and one by one: the sizes, and what is refused."""

from __future__ import annotations

import numpy as np

from shapecalc.dims import symbol
from shapecalc.layers.repeating import Expand, RepeatInterleave, Tile
from tests.support.layers import refused, refused_fields

N, H = symbol("N"), symbol("H")


def test_an_axis_of_1_is_repeated_and_another_one_stays() -> None:
    assert Expand(size=(N, -1, 768)).output_shape((1, 1, 768)) == (N, 1, 768)
    assert Expand(size=(5, 2 * H, 4, -1)).output_shape((1, 4, H)) == (5, 2 * H, 4, H)


def test_an_axis_of_another_size_is_not_expanded() -> None:
    error = refused(Expand(size=(2, 6)), (2, 3))
    assert (error.code, error.index) == ("SC314", (1,))
    assert error.message == "expects 1 or 6 along axis 1, receives 3 in [2, 3]"
    assert refused(Expand(size=(6,)), (2, 3)).code == "SC204"
    assert refused(Expand(size=(-1, 2, 3)), (2, 3)).code == "SC205"
    assert refused_fields("expand", size=(2, 0)).code == "SC201"


def test_copies_of_the_whole_are_those_of_numpy() -> None:
    for shape in ((2,), (2, 3), (2, 3, 4)):
        for dims in ((2,), (3, 2), (2, 1, 3), (2, 2, 1, 3)):
            assert Tile(dims=dims).output_shape(shape) == np.tile(np.ones(shape), dims).shape
    assert Tile(dims=(N, 1)).output_shape((1, H)) == (N, H)


def test_each_element_is_repeated_along_one_axis() -> None:
    assert RepeatInterleave(repeats=H, dim=-2).output_shape((2, 3, 5)) == (2, 3 * H, 5)
    assert refused(RepeatInterleave(repeats=2, dim=3), (2, 3)).code == "SC310"
