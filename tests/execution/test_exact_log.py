"""Logarithms of exact products compare as their products do."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from shapecalc.execution.exact_log import ExactLog, logarithm

FACTORS = st.lists(st.fractions(0, 1, max_denominator=12), min_size=1, max_size=6)


def logs(factors: list[Fraction]) -> ExactLog:
    return sum((ExactLog(factor) for factor in factors), 0.0)  # type: ignore[arg-type, return-value]


@given(FACTORS, FACTORS)
def test_the_order_is_that_of_the_products_and_minus_reverses_it(left: list[Fraction], right: list[Fraction]) -> None:
    first, second = logs(left), logs(right)
    assert (first < second) == (math.prod(left) < math.prod(right)) == (-second < -first)
    assert (first > second) == (math.prod(left) > math.prod(right)) == (-second > -first)
    assert (first.product, first.factors) == (math.prod(left), tuple(left))
    assert first.possible == all(left)
    after, others = (first + ExactLog(factor) for factor in (left[0], right[0]))  # of one hypothesis
    assert (after < others) == (after.product < others.product)


def test_products_that_differ_by_less_than_a_float_can_tell_are_told_apart() -> None:
    half, more = Fraction(1, 2), Fraction(1, 2) + Fraction(1, 10**30)
    assert float(half) == float(more)
    assert logs([half, half]) < logs([half, more])
    assert not logs([more, half]) < logs([half, more])
    assert not logs([half, more]) < logs([more, half])


def test_a_sum_of_logarithms_is_the_logarithm_of_the_product() -> None:
    score = logs([Fraction(1, 7)] * 5_000)
    assert score.log == pytest.approx(logarithm(score.product), rel=1e-12) == pytest.approx(-5_000 * math.log(7))
    assert len(score.factors) == 5_000


def test_ln_is_accurate_near_1_and_beyond_the_floats() -> None:
    assert logarithm(1 - Fraction(1, 10**20)) == -1e-20
    assert logarithm(Fraction(1, 10**5_000)) == pytest.approx(-5_000 * math.log(10))
    assert logarithm(Fraction(0)) == -math.inf
    assert logarithm(Fraction(1)) == 0
