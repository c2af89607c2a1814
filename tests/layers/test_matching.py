"""Axes that correspond, against products of plain numbers."""

from __future__ import annotations

from itertools import product as every
from math import prod

from shapecalc.dims import evaluate, symbol
from shapecalc.layers.matching import SizePair, cancelled, differing_pairs

H, W, T = symbol("H"), symbol("W"), symbol("T")
NAMES = ("H", "W", "T")
CASES = {
    "windows cut each axis apart": ((H, W), (H // 7, 7, W // 7, 7), 2),
    "windows joined again": ((H // 7, 7, W // 2, 2), (H, W), 2),
    "sizes that are the same leave nothing": ((H, W, 5), (H * W, 5), 0),
    "one is larger and one smaller: only their product counts": ((H, W // 2, 2), (H // 2, 2, W), 1),
    "axes in another order have no match": ((H, W, 6), (W + 1, H, 6), 1),
    "a size that may differ by any number": ((H, W), (T, W), 1),
    "numbers alone": ((6, 4), (4, 6), 0),
}


def value(dims, sizes):
    return prod(int(evaluate(dim, sizes)) for dim in dims)


def test_pairs_are_equal_exactly_where_the_products_of_all_axes_are() -> None:
    for name, (first, second, count) in CASES.items():
        pairs = differing_pairs(first, second)
        assert len(pairs) == count, name
        for point in every(range(1, 16), repeat=3):
            sizes = dict(zip(NAMES, point, strict=True))
            equal = all(evaluate(p, sizes) == evaluate(q, sizes) for p, q in pairs)
            assert equal == (value(first, sizes) == value(second, sizes)), (name, sizes)


def test_factors_that_divide_a_total_are_cancelled() -> None:
    assert cancelled(6 * H * W, (W, 4)) == SizePair(6 * H, 4)
    assert cancelled(6 * H, (W, 3)) == SizePair(6 * H, 3 * W)
    assert cancelled(24, (4,)) == SizePair(24, 4)
