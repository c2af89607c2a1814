"""Sizes of torch.export as SymPy writes them, and the symbols that they become."""

from __future__ import annotations

import pytest

from shapecalc.dims import symbol
from shapecalc.importers.torch_export.symbols import FileSymbols, read_expression
from shapecalc.importers.unreadable import Unreadable

S = "Symbol('s77', positive=True, integer=True)"
NAMES = {"s77": symbol("H")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Mul(Integer(2), {S})", "2*H"),
        (f"Add(Integer(-1), Mul(Integer(4), Pow({S}, Integer(2))))", "4*H**2 - 1"),
        (f"FloorDiv({S}, Integer(32))", "H//32"),
        (f"CeilDiv({S}, Integer(2))", "(H + 1)//2"),
        (f"Mod({S}, Integer(3))", "H - 3*(H//3)"),
        ("s77*(s77 + 1)", "H**2 + H"),
        ("7", "7"),
    ],
)
def test_expressions_are_dims(text: str, expected: str) -> None:
    assert str(read_expression(text, NAMES)) == expected


@pytest.mark.parametrize(
    "text",
    [
        f"Max({S}, Integer(2))",
        f"Add({S}, Piecewise((Integer(1), True)))",
        f"Pow(Integer(2), {S})",
        f"Add({S}",
        "Add(" * 300 + "Integer(1)" + ")" * 300,
        "__import__('os').system('true')",
        "1" * 30_000,
        "FloorDiv(Integer(1), Integer(0))",
    ],
)
def test_what_is_not_a_sum_of_products_and_floors_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_expression(text, NAMES)


def stated(text: str, hint: int) -> dict[str, object]:
    return {"as_expr": {"expr_str": text, "hint": {"as_int": hint}}}


def test_symbols_have_the_letters_of_their_axes_and_the_sizes_of_the_example() -> None:
    symbols = FileSymbols(ranges={"s0": (2, None), "s1": (33, None), "s2": (0, 640)})
    image = [stated("Symbol('s0')", 4), {"as_int": 3}, stated("Symbol('s1')", 224), stated("Symbol('s2')", 192)]
    symbols.name_inputs([image])
    assert [str(dim) for dim in symbols.shape(image)] == ["N", "3", "H", "W"]
    assert symbols.sizes == {"H": 224, "W": 192}
    assert symbols.where == ["H >= 33", "W <= 640"]


def test_a_second_symbol_of_the_same_axis_has_a_number() -> None:
    symbols = FileSymbols()
    symbols.name_inputs(
        [[stated("Symbol('s0')", 2), stated("Symbol('s1')", 9)], [stated("Symbol('s0')", 2), stated("Symbol('s2')", 5)]]
    )
    assert symbols.sizes == {"T": 9, "T2": 5}


def test_a_size_that_is_a_multiple_of_a_symbol_is_a_symbol_with_a_condition() -> None:
    symbols = FileSymbols(ranges={"s0": (2, 20)})
    size = stated("Mul(Integer(16), Symbol('s0'))", 64)
    symbols.name_inputs([[{"as_int": 1}, {"as_int": 3}, size, {"as_int": 8}]])
    assert symbols.where == ["H % 16 == 0", "H <= 320"]
    assert str(symbols.size(stated("Add(Symbol('s0'), Integer(1))", 5))) == "(H + 16)//16"


def test_a_size_that_only_data_decides_is_refused() -> None:
    with pytest.raises(Unreadable, match="depends on data"):
        FileSymbols().size(stated("Symbol('u0')", 3))
