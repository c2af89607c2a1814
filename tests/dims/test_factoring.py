"""Fewer terms on paper: constants go back into floors, and sums become factors, where the value stays the same."""

from __future__ import annotations

import pytest

from shapecalc.dims import parse
from tests.support.rows import for_each


@for_each(
    "text, written",
    [
        ("H//2 - 2", "(H - 4)//2"),  # a shift of a floor is one of its numerator, times the divisor
        ("2*(H//2) - 4", "2*((H - 4)//2)"),
        ("2*(H//2) + 3", "2*(H//2) + 3"),  # 3 is no multiple of 2
        ("N*(H//2) - 2*N", "N*((H - 4)//2)"),
        ("N*(H//2) - 2*N + 5", "N*((H - 4)//2) + 5"),
        ("N*(H//2) - 2*W", "N*(H//2) - 2*W"),
        ("(H//2)**2 - 6*(H//2) + 9", "((H - 6)//2)**2"),
        ("(H//2)**2 - 6*(H//2)", "(H//2)**2 - 6*(H//2)"),  # 9 is missing
        ("(H//2)**2 - 5*(H//2) + 9", "(H//2)**2 - 5*(H//2) + 9"),  # 5 is no multiple of 2
        ("3*(H//2)**2 - 18*(H//2) + 27", "3*((H - 6)//2)**2"),
        ("(H//2 - 3)*(W//5 + 2)", "((H - 6)//2)*((W + 10)//5)"),
        ("3*H - 12", "3*H - 12"),  # two terms with a number stay
        ("N*H - 4*N", "N*(H - 4)"),
        ("N*(H - 4)*(W - 6)", "N*(H - 4)*(W - 6)"),
        ("(H - 4)*(W - 6)", "(H - 4)*(W - 6)"),
        ("(H - 4)**3", "(H - 4)**3"),
        ("(H - 4)**16", "(H - 4)**16"),
        ("3*(H//2)*W - 7*W", "3*W*(H//2) - 7*W"),  # 7 is no multiple of 3
        ("(H - 4)**17", None),  # above the highest power
        ("H**2 + 3*H", "H**2 + 3*H"),
        ("(H - 4)*(W - 6) + 1", "H*W - 6*H - 4*W + 25"),
        # The leading term alone, M·⌊H/2⌋ or A·⌊H/2⌋, decides the shift.
        ("M*(H//2) + N*(H//2) + 3*M + 2*N", "M*((H + 6)//2) + N*((H + 6)//2) - N"),
        ("A*(H//2) + B*(H//2) + C*(H//2) + B + C", "A*(H//2) + B*(H//2) + C*(H//2) + B + C"),
        ("A*(H//2) + B*(H//2) + C*(H//2) - B - C", "A*(H//2) + B*(H//2) + C*(H//2) - B - C"),
        ("2*A*(H//2) + B*(H//2) + C*(H//2) + 3*A + B + C", "2*A*(H//2) + B*(H//2) + C*(H//2) + 3*A + B + C"),
    ],
)
def test_a_sum_is_written_with_its_factors(text: str, written: str | None) -> None:
    dim = parse(text)
    assert parse(str(dim)) == dim
    if written is None:
        assert str(dim).count("H") == 17
    else:
        assert parse(written) == dim
        assert str(dim) == written


@pytest.mark.parametrize(("terms", "written"), [(256, "(H - 4)//2"), (257, "H//2")])
def test_a_sum_of_more_than_256_terms_is_written_as_it_is(terms: int, written: str) -> None:
    dim = parse("H//2 - 2 + " + " + ".join(f"x{number}" for number in range(terms - 1)))
    assert str(dim).endswith(f" + {written}" if terms == 256 else f" + {written} - 2")


def test_a_constant_goes_into_the_first_floor_in_the_order_of_atoms() -> None:
    for number in range(20):
        dim = parse(f"x{number:02}//2 + y{number:02}//3 + 6")
        assert str(dim) == f"(x{number:02} + 12)//2 + y{number:02}//3"
