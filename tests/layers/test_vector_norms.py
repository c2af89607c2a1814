"""Norms and vectors divided by them: costs by order, what is saved, and axes that there are not."""

from __future__ import annotations

from math import inf

from tests.support.layers import flops, made, refused, refused_fields, saved
from tests.support.rows import for_each

X = (2, 3, 5)


@for_each(
    "p, of_a_row",
    [(2, 2 * 15), (1, 2 * 15 - 1), (inf, 2 * 15 - 1), (-inf, 2 * 15 - 1), (0, 2 * 15 - 1), (3, 3 * 15), (0.5, 3 * 15)],
)
def test_a_norm_costs_by_its_order(p: float, of_a_row: int) -> None:
    """Of an element a square, an absolute value or a comparison; a sum; and a root, unless p is 0, 1 or infinite."""
    assert flops(made("norm", dim=(1, 2), p=p), X) == 2 * of_a_row
    assert flops(made("normalize", dim=(1, 2), p=p), X) == 2 * (of_a_row + 1 + 15)


def test_what_is_saved_is_what_pytorch_divides_by() -> None:
    assert saved(made("norm", dim=1), X) == {"input": 30, "output": 10}
    assert saved(made("normalize"), X) == {"input": 30, "norms": 10, "divisors": 10}


def test_the_channels_are_normalised_unless_stated() -> None:
    assert made("normalize").output_shape((2, 3, 8, 8)) == (2, 3, 8, 8)
    error = refused(made("normalize"), (5,))
    assert (error.code, error.field) == ("SC310", "dim")


def test_a_norm_of_no_number_is_refused() -> None:
    error = refused_fields("norm", dim=1, p="inf")
    assert (error.code, error.field) == ("SC202", "p")
