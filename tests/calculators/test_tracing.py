from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st

from shapecalc.calculators.tracing import InexactError, Traced, number
from tests.support.written_arithmetic import value_of

whole = st.integers(-9, 9).map(lambda value: Traced(Fraction(value)))
fractions = st.fractions(-9, 9, max_denominator=9).map(Traced)
expressions = st.recursive(
    whole | fractions,
    lambda inner: st.one_of(
        st.tuples(inner, inner, st.sampled_from(["__add__", "__sub__", "__mul__", "maximum", "minimum"])).map(
            lambda parts: getattr(parts[0], parts[2])(parts[1])
        ),
        inner.map(lambda each: -each),
        st.tuples(inner, st.integers(1, 9)).map(lambda parts: parts[0] / Traced(Fraction(parts[1]))),
        st.tuples(inner, st.integers(0, 3)).map(lambda parts: parts[0] + parts[1]),
        st.tuples(st.integers(2, 3), inner).map(lambda parts: parts[0] - parts[1]),
    ),
    max_leaves=12,
)


@given(expressions)
def test_the_text_of_an_expression_has_its_value(traced: Traced) -> None:
    assert value_of(traced.text()) == traced.value


def test_a_text_without_the_parentheses_of_a_difference_would_be_seen() -> None:
    assert (Traced(5) - (Traced(3) - Traced(1))).text() == "5 − (3 − 1)"
    assert (Traced(2) / (Traced(3) * Traced(4))).text() == "2/(3·4)"
    assert (Traced(-2) * Traced(Fraction(1, 3))).text() == "(−2)·(1/3)"
    assert (Traced(1) - Traced(-2)).text() == "1 − (−2)"


def test_inputs_are_written_before_weights_and_padding_is_written_too() -> None:
    weights, inputs = [Traced(w, rank=1) for w in (4, 5)], [Traced(0), Traced(3)]
    products = np.array([[*weights]], dtype=object) @ np.array([[each] for each in inputs], dtype=object)
    assert repr(products[0, 0]) == "0·4 + 3·5 = 15"


def test_a_number_that_only_begins_a_sum_or_a_product_is_not_written() -> None:
    assert repr(sum([Traced(1), Traced(2)])) == "1 + 2 = 3"
    assert repr(math.prod([Traced(4), Traced(2)])) == "4·2 = 8"


def test_long_sums_are_written_by_their_ends() -> None:
    total = sum((Traced(each) for each in range(5000)), 0)
    assert repr(total) == "0 + 1 + 2 + 3 + … (4992 terms) + 4996 + 4997 + 4998 + 4999 = 1.24975e+07"


@given(st.floats(-700, 700), st.sampled_from(["exp", "tanh", "sqrt", "log", "expm1", "log1p"]))
def test_functions_are_those_of_numpy(value: float, name: str) -> None:
    with np.errstate(all="ignore"):
        expected = float(getattr(np, name)(np.float64(value)))
        traced = getattr(np, name)(np.array([Traced(value)], dtype=object))[0]
    assert traced.value == pytest.approx(expected, rel=1e-14, nan_ok=True)


@pytest.mark.parametrize(("above", "below"), [(1.0, 0.0), (-1.0, 0.0), (0.0, 0.0)])
def test_division_by_zero_is_that_of_numpy(above: float, below: float) -> None:
    with np.errstate(all="ignore"):
        expected = float(np.float64(above) / np.float64(below))
    assert (Traced(above) / Traced(below)).value == pytest.approx(expected, nan_ok=True)


def test_overflow_is_infinite_and_negative_powers_of_it_too() -> None:
    assert Traced(1000).exp().value == math.inf  # type: ignore[attr-defined]
    assert (Traced(1e300) * Traced(-1e300)).value == -math.inf
    assert number(math.inf) == "∞"
    assert number(-math.inf) == "−∞"
    assert number(math.nan) == "NaN"


def test_exact_numbers_stay_exact_beside_constants_of_a_kernel() -> None:
    tenth = Traced(Fraction(1, 10))
    assert (tenth * 3 + 0.1).value == Fraction(4, 10)
    assert (0.5 * tenth).value == Fraction(1, 20)
    assert (Traced(0) + tenth).value == Fraction(1, 10)
    assert tenth.maximum(-math.inf).value == Fraction(1, 10)
    assert Traced(Fraction(9, 4)).sqrt().value == Fraction(3, 2)  # type: ignore[attr-defined]


@pytest.mark.parametrize("inexact", ["exp", "tanh", "log"])
def test_what_is_no_fraction_is_refused_and_never_rounded(inexact: str) -> None:
    with pytest.raises(InexactError, match=inexact):
        getattr(Traced(Fraction(1, 2)), inexact)()


def test_a_root_that_is_no_fraction_is_refused() -> None:
    with pytest.raises(InexactError, match="√2"):
        Traced(Fraction(2)).sqrt()  # type: ignore[attr-defined]
    with pytest.raises(InexactError, match="1/0"):
        _ = Traced(Fraction(1)) / 0
    assert (Traced(Fraction(-4)) * -1).sqrt().value == 2  # type: ignore[attr-defined]


def test_powers_are_exact_or_refused() -> None:
    assert (Traced(Fraction(3, 2)) ** 2).value == Fraction(9, 4)
    with pytest.raises(InexactError, match=r"\(2\)\^\(3/4\)"):
        _ = Traced(Fraction(2)) ** 0.75


def test_a_product_of_one_number_with_itself_is_a_power() -> None:
    difference = Traced(1) - Traced(2)
    assert repr(difference * difference) == "(1 − 2)^2 = 1"
    assert repr(Traced(3) * (difference * difference)) == "3·(1 − 2)^2 = 3"
    assert repr(Traced(-3) * Traced(-3)) == "(−3)·(−3) = 9"


def test_a_negative_root_is_refused() -> None:
    with pytest.raises(InexactError):
        Traced(Fraction(-4)).sqrt()  # type: ignore[attr-defined]


def test_other_operands_raise_type_errors() -> None:
    with pytest.raises((TypeError, ValueError)):
        _ = Traced(1) + "one"


def test_the_greater_number_is_an_element_only_if_it_is_chosen_among_elements() -> None:
    left, right = Traced(3), Traced(2)
    left.origin, right.origin = "x[0]", "x[1]"
    assert left.maximum(right).origin == "x[0]"
    assert left.minimum(right).origin == "x[1]"
    assert left.maximum(-math.inf).origin == "x[0]"
    assert left.maximum(0).origin is None
