"""Activations that multiply by a gate: the halved axis of glu, ranges, costs."""

from __future__ import annotations

import numpy as np

from shapecalc.dims import Condition, Relation, symbol
from tests.support import kernels
from tests.support.layers import flops, made, refused, required, saved
from tests.support.rows import for_each

H = symbol("H")


def test_glu_halves_an_axis() -> None:
    assert made("glu").output_shape((2, 3, 8)) == (2, 3, 4)
    assert made("glu", dim=1).output_shape((2, 2 * H, 5)) == (2, H, 5)
    assert flops(made("glu"), (2, 3, 8)) == 5 * 24
    assert saved(made("glu"), (2, 3, 8)) == {"input": 48}


def test_an_odd_axis_is_not_halved_and_a_symbol_must_be_even() -> None:
    error = refused(made("glu"), (2, 7))
    assert (error.code, error.message) == ("SC304", "expects an even size along axis 1, receives 7 in [2, 7]")
    assert required(made("glu"), (2, H)) == [Condition(H % 2, Relation.ZERO)]


@for_each("word, cost", [("mish", 5), ("quick_gelu", 6)])
def test_the_least_value_is_in_the_range_and_nothing_is_below(word: str, cost: int) -> None:
    y = kernels.run(word, np.linspace(-4, 4, 80_001))
    low = made(word).value_range
    assert low is not None
    assert 0 <= y.min() - low.low < 1e-8
    assert flops(made(word), (2, 3)) == cost * 6
