"""Formulas as text: as in a textbook. That they have the value of the expression, see `test_traced_sizes.py`."""

from __future__ import annotations

from shapecalc.calculators.size_formulas import in_names, in_numbers
from shapecalc.calculators.traced_sizes import leaf, value_of
from shapecalc.dims import ceil_div, evaluate, symbol
from tests.support.formulas import value_of_text


def test_a_formula_is_written_as_in_a_textbook() -> None:
    n, f, s, p = (leaf(name, value) for name, value in (("n", 33), ("f", 5), ("s", 2), ("p", 1)))
    for size, rule, numbers in (
        ((n + p + p - f) // s + 1, "⌊(n + 2·p − f)/s⌋ + 1", "⌊(33 + 2·1 − 5)/2⌋ + 1"),
        (ceil_div(n, s), "⌈n/s⌉", "⌈33/2⌉"),
        (ceil_div(n, 4), "⌈n/4⌉", "⌈33/4⌉"),
        (-(-n // s), "⌈n/s⌉", "⌈33/2⌉"),
        (0 + 1 * n * 1 - 0, "n", "33"),
        (2 * n * 3 * (f + s), "6·n·(f + s)", "6·33·(5 + 2)"),
        (n - (f - 1) - 1, "n − f", "33 − 5"),
        (n - 3 * (f - 1) - 1, "n − 3·(f − 1) − 1", "33 − 3·(5 − 1) − 1"),
        (n // leaf("groups", 3) * f, "n/groups·f", "33/3·5"),
        (n // (s * f), "⌊n/(s·f)⌋", "⌊33/(2·5)⌋"),
        (n // ((s + f) * f), "⌊n/((s + f)·f)⌋", "⌊33/((2 + 5)·5)⌋"),
        ((n - 1) % s + f, "((n − 1) mod s) + f", "((33 − 1) mod 2) + 5"),
        (f - n, "f − n", "5 − 33"),
        (-n, "−n", "−33"),
        (leaf("million", 1_000_000) * leaf("minus", -3), "million·minus", "1,000,000·(−3)"),
        (leaf("one", 3) + leaf("other", 3), "one + other", "3 + 3"),
        (leaf("same", 3) + leaf("same", 4), "same + same", "3 + 4"),
    ):
        assert (in_names(size), in_numbers(size)) == (rule, numbers)


def test_only_a_quotient_of_numbers_is_written_without_its_floor() -> None:
    """A symbol that is computed with as 210 is no multiple of 2."""
    half = leaf("H_in", symbol("H"), stand_in=210) // leaf("stride", 2)
    assert (in_names(half), in_numbers(half)) == ("⌊H_in/stride⌋", "⌊H/2⌋")
    for height in (6, 7):
        assert value_of_text(in_numbers(half), {"H": height}) == evaluate(value_of(half), {"H": height})
    for whole, below in ((leaf("H_in", 210), leaf("stride", 2)), (leaf("H_in", 210), 2)):
        assert in_numbers(whole // below) == "210/2"
    assert in_numbers(leaf("H_in", 210) // leaf("W_in", symbol("W"), stand_in=2)) == "⌊210/W⌋"
