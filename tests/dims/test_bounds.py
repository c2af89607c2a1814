"""Bounds are decided where interval reasoning can, and unknown elsewhere."""

from __future__ import annotations

from shapecalc.dims import greatest, least, parse
from tests.support.rows import for_each


@for_each(
    "text, low, high",
    [
        ("7", 7, 7),
        ("H", 1, None),  # a symbol is at least 1
        ("3*H - 5", -2, None),
        ("5 - H", None, 4),
        ("H*W", 1, None),
        ("H - W", None, None),
        ("(H + 31)//32", 1, None),
        ("H//32", 0, None),
        ("(H - 12)//4", -3, None),  # LeNet-5 refuses images below 16
        ("H - H//2", 1, None),  # needs both H to be the same
        ("H % 32", 0, 31),
        ("H//2 - H", None, -1),
        ("2*H - 3*(H//2)", 1, None),
        ("N*(H//2)", 0, None),
        ("-N*(H//2)", None, 0),
        ("N*((H - 9)//2)", None, None),  # the second factor changes its sign
        ("(5 - H)//2", None, 2),
        ("(H//3 - H//2)//4", None, 0),
        ("(H//3 - W//2)//4", None, None),
        ("H**2 - 3", -2, None),
        ("((H + 1)//2)*((W + 1)//2)", 1, None),
        ("H//5 + W//5 + N//5", 0, None),  # term by term is tighter than the line below each floor, −9/5
        ("((3*H + 3*W + 3)//4)**3", 8, None),
        ("H - (H//2)**2", None, None),  # only a floor that is a term by itself has a line above it
        ("H - (H//2)*(W//2)", None, None),
    ],
)
def test_a_bound_holds_and_is_as_tight_as_stated(text, low, high):
    dim = parse(text)
    assert (least(dim), greatest(dim)) == (low, high)
