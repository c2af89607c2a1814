"""Traced integers: they compute as integers do, and their formula has their value."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, strategies as st

from shapecalc.calculators.size_formulas import in_names, in_numbers
from shapecalc.calculators.traced_sizes import TracedSize, leaf, leaves, value_of
from shapecalc.dims import ceil_div, evaluate, floor_div, product, symbol
from tests.support.formulas import value_of_text

OPERATIONS = (
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a // (abs(b) + 1),
    lambda a, b: a % (abs(b) + 1),
    lambda a, b: -(-a // (abs(b) + 1)),
    lambda a, b: ceil_div(a, abs(b) + 1),
    lambda a, b: floor_div(a, abs(b) + 1),
    lambda a, b: product((a, b, a)),
    lambda a, b: -a - b,
    lambda a, _: a + a - 1,
)


@st.composite
def programs(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int, int]]]:
    """Numbers, and operations on two of the numbers so far."""
    numbers = draw(st.lists(st.integers(-9, 60), min_size=2, max_size=4))
    steps = [
        (draw(st.integers(0, len(OPERATIONS) - 1)), draw(st.integers(0, place)), draw(st.integers(0, place)))
        for place in range(len(numbers) - 1, len(numbers) + draw(st.integers(0, 4)))
    ]
    return numbers, steps


@given(programs(), st.sets(st.integers(0, 3)))
def test_the_numbers_put_in_have_the_value_that_plain_integers_have(
    program: tuple[list[int], list[tuple[int, int, int]]], constants: set[int]
) -> None:
    plain, steps = program
    traced = [each if place in constants else leaf(f"x{place}", each) for place, each in enumerate(plain)]
    values = list(plain)
    for operation, one, other in steps:
        traced.append(OPERATIONS[operation](traced[one], traced[other]))
        values.append(OPERATIONS[operation](values[one], values[other]))
    assert list(map(int, traced)) == values
    for size, value in zip(traced, values, strict=True):
        assert value_of(size) == value
        assert value_of_text(in_numbers(size)) == value, in_numbers(size)
        names = {f"x{place}": each for place, each in enumerate(plain)}
        assert value_of_text(in_names(size), names) == value, in_names(size)


def test_the_floor_of_a_product_with_a_fraction_is_traced() -> None:
    scaled = (leaf("H_in", 7) * 1.5).__floor__()
    assert (int(scaled), in_names(scaled), in_numbers(scaled)) == (10, "⌊H_in·1.5⌋", "⌊7·1.5⌋")
    assert value_of_text(in_numbers(scaled)) == Fraction(10)


def test_a_symbol_is_shown_and_computed_with_as_an_expression() -> None:
    height = leaf("H_in", symbol("H"), stand_in=224)
    size = (height + 6 - 7) // 2 + 1
    assert int(size) == 112
    assert in_numbers(size) == "⌊(H − 1)/2⌋ + 1"
    assert evaluate(value_of(size), {"H": 33}) == value_of_text(in_numbers(size), {"H": 33}) == 17


def test_it_is_an_integer_wherever_one_is_expected() -> None:
    size = leaf("n", 3)
    assert isinstance(size, int)
    assert list(range(size)) == [0, 1, 2]
    assert (1,) * size == (1, 1, 1)
    assert {3: "x"}[size] == "x"
    assert f"{size:,}" == str(size) == "3"
    assert size == 3 < size + 1
    assert type(size) is TracedSize


def test_leaves_are_in_the_order_of_the_formula() -> None:
    one, two = leaf("a", 2), leaf("b", 3)
    assert [each.name for each in leaves(two * (one + two))] == ["b", "a"]
