"""Softsign and log-sigmoid: costs, ranges, and what PyTorch saves of them."""

from __future__ import annotations

from tests.support.layers import flops, made, saved


def test_the_costs_are_those_of_the_formula() -> None:
    assert flops(made("softsign"), (2, 3)) == 3 * 6
    assert flops(made("logsigmoid"), (2, 3)) == 7 * 6


def test_the_divisor_and_the_exponential_are_saved_beside_the_input() -> None:
    assert saved(made("softsign"), (2, 3)) == {"input": 6, "divisor": 6}
    assert saved(made("logsigmoid"), (2, 3)) == {"input": 6, "exponential": 6}


def test_the_ranges_end_where_the_functions_tend_to() -> None:
    assert str(made("softsign").value_range) == "(−1, 1)"
    assert str(made("logsigmoid").value_range) == "(−∞, 0)"
