"""Exact quotients, as `reshape` needs them for its −1."""

from __future__ import annotations

import pytest

from shapecalc.dims import exact_quotient, parse
from tests.support.rows import for_each


@pytest.mark.parametrize(
    ("a", "b", "quotient"),
    [
        ("12", "4", "3"),
        ("12*N", "4", "3*N"),
        ("N*400", "N", "400"),
        ("16*N*((H - 4)//2)", "(H - 4)//2", "16*N"),  # a floor that is two terms in normal form
        ("16*N*((H - 4)//2)", "4*N", "4*((H - 4)//2)"),
        ("H**2 - W**2", "H - W", "H + W"),
        ("(H + W + 1)**3", "(H + W + 1)**2", "H + W + 1"),
        ("3*H + 6", "H + 2", "3"),
        ("6*H**2 + 12*H", "2*H + 4", "3*H"),
        ("0", "H", "0"),
        ("0", "5", "0"),
    ],
)
def test_a_multiple_gives_its_factor_back(a, b, quotient):
    assert exact_quotient(parse(a), parse(b)) == parse(quotient)
    assert parse(quotient) * parse(b) == parse(a)


@for_each(
    "a, b",
    [
        ("13", "4"),
        ("12*N + 1", "4"),
        ("6*N + 4", "4"),
        ("5", "0"),
        ("N", "0"),
        ("7", "H"),
        ("H", "W"),
        ("H + 1", "H"),
        ("3*H", "2*H"),
        ("H", "H**2"),
        ("H**2 + 1", "H + 1"),
        ("H + W", "H - W"),
        ("H**2 - W", "H - W"),
        ("3*H + 7", "H + 2"),
        ("3*H + 6", "2*H + 4"),
        ("3*H**2 + 6*H", "2*H + 4"),
        ("H**2 + 2*H + 3", "H + 2"),
    ],
)
def test_what_leaves_a_rest_has_no_exact_quotient(a, b):
    assert exact_quotient(parse(a), parse(b)) is None
