"""Comparisons of sizes: closed forms have the value of the comparison at every size."""

from __future__ import annotations

from shapecalc.dims import evaluate, symbol
from shapecalc.layers.comparisons import at_least, is_at_least, reaches

N = symbol("N")


def test_closed_forms_have_the_value_at_every_size() -> None:
    for size in range(1, 30):
        for bound in (1, 2, 7, 20):
            of_half = N // 2
            assert evaluate(reaches(of_half, bound), {"N": size}) == (size // 2 >= bound)
            assert evaluate(at_least(of_half, bound), {"N": size}) == max(size // 2, bound)
            assert at_least(size, bound) == max(size, bound)


def test_what_is_known_is_not_compared() -> None:
    assert is_at_least(N + 4, 5)
    assert not is_at_least(N + 4, 6)
    assert at_least(N + 4, 5) == N + 4
