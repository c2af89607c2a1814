"""Operators, and the three rules of the normal form one by one."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from unittest.mock import ANY

import pytest

from shapecalc.dims import DimLimitError, Expr, ceil_div, evaluate, floor_div, free_symbols, product, symbol
from tests.support.rows import for_each

H, N, W = symbol("H"), symbol("N"), symbol("W")


@for_each(
    "written, normal",
    [
        ((H + 32) // 32, H // 32 + 1),  # rule 1 on the constant
        ((5 * H + W) // 2, 2 * H + (H + W) // 2),  # rule 1 on a coefficient
        ((6 * H + 4 * W + 7) // 8, (3 * H + 2 * W + 3) // 4),  # rule 2
        ((4 * N * W + 7) // 4, N * W + 1),  # rule 1 leaves nothing to divide
        (((H // 3) + 5) // 4, (H + 15) // 12),  # rule 3
        (((H // 3) + W) // 4, (H + 3 * W) // 12),  # rule 3 beside another symbol
        ((2 * (H // 3) + 2) // 4, (H + 3) // 6),  # rule 2 makes room for rule 3
        ((3 * (H // 2)) // 3, H // 2),  # rule 1 gives the floor back
        ((3 * H) // 4 // 3, H // 4),  # a factor that only the second divisor shares
        ((H - 1) * (N - 2), H * N - 2 * H - N + 2),
        (H * (N - 2), H * N - 2 * H),
        ((H // 2 + H) // 2, (3 * H) // 4),  # rule 3 adds to what is there
        (-(-H // 4), H - (3 * H) // 4),  # coefficients inside are never negative
    ],
)
def test_two_ways_to_write_a_dim_are_one_normal_form(written, normal):
    assert written == normal
    assert hash(written) == hash(normal)
    assert str(written) == str(normal)


def test_absorbing_the_first_of_several_floors_does_not_depend_on_how_they_were_added():
    floors = [H // 2, (H + 1) // 3, W // 2]
    forwards = (floors[0] + floors[1] + floors[2]) // 5
    backwards = (floors[2] + floors[1] + floors[0]) // 5
    assert forwards == backwards
    assert str(forwards) == str(backwards)


def test_what_cancels_leaves_a_plain_int():
    assert type((H + 3) - H) is int
    assert type(0 * H) is int
    assert type((H + 1) * 4 // 4 - H) is int
    assert type(H**0) is int
    assert type(evaluate(H * W, {"H": 2, "W": 3})) is int
    assert (2 * H) // H == 2
    assert H % 1 == 0


def test_ints_come_first_or_second_alike():
    assert str(3 + H) == str(H + 3)
    assert 3 * H == H * 3
    assert 3 - H == -(H - 3)
    assert (0 // H) == 0
    assert sum([H, W, 1]) == H + W + 1


def test_a_remainder_is_what_the_floor_leaves():
    assert H % 4 == H - 4 * (H // 4)
    assert [evaluate(H % 4, {"H": n}) for n in (1, 4, 7)] == [1, 0, 3]


def test_a_division_by_an_expression_is_exact_or_refused():
    assert (N * H * W) // (N * W) == H
    with pytest.raises(ValueError, match=r"^`H \+ 1` is no exact multiple of `H`$"):
        (H + 1) // H
    with pytest.raises(ValueError, match=r"^`7` is no exact multiple of `H`$"):
        7 // H


def test_a_divisor_is_positive():
    with pytest.raises(ZeroDivisionError, match=r"^`H` is divided by 0$"):
        floor_div(H, 0)
    with pytest.raises(ZeroDivisionError, match=r"^`7` is divided by 0$"):
        ceil_div(7, 0)
    with pytest.raises(ValueError, match=r"^`H` expects a positive divisor, receives -2$"):
        H // -2
    with pytest.raises(ValueError, match=r"^`7` expects a positive divisor, receives -2$"):
        floor_div(7, -2)


def test_a_power_counts_from_zero():
    assert (H + 1) ** 2 == H * H + 2 * H + 1
    assert (H + W) ** 2 == H * H + 2 * H * W + W * W
    assert (2 * H) ** 3 == 8 * H * H * H
    assert (2 * H) ** 1_001 == 2**1_001 * H**1_001
    with pytest.raises(ValueError, match=r"^a power expects an exponent of 0 or more, receives -1$"):
        H**-1


def test_the_largest_exponent_of_a_sum_is_allowed(monkeypatch):
    monkeypatch.setattr("shapecalc.dims.expression.MAX_EXPONENT", 3)
    assert (H + 1) ** 3 == H**3 + 3 * H**2 + 3 * H + 1
    with pytest.raises(DimLimitError, match=r"^a sum expects an exponent of at most 3, receives 4$"):
        (H + 1) ** 4


def test_an_expression_has_no_truth_value_and_no_order():
    with pytest.raises(TypeError, match=r"^`H` has no truth value before its symbols are bound$"):
        bool(H)
    with pytest.raises(TypeError):
        H < 3  # noqa: B015  # type: ignore[operator]


@pytest.mark.parametrize(
    "operator", ["__add__", "__sub__", "__rsub__", "__mul__", "__floordiv__", "__rfloordiv__", "__mod__", "__pow__"]
)
def test_a_float_never_enters_an_expression(operator):
    assert getattr(H, operator)(1.5) is NotImplemented


def test_an_array_never_swallows_an_expression():
    numpy = pytest.importorskip("numpy")
    with pytest.raises(TypeError):
        numpy.arange(3) + H


def test_an_expression_cannot_be_changed():
    with pytest.raises(AttributeError, match=r"^`constant` of an expression cannot be set: expressions are immutable$"):
        H.constant = 3
    with pytest.raises(
        AttributeError, match=r"^`terms` of an expression cannot be deleted: expressions are immutable$"
    ):
        del H.terms
    before = hash(H)
    total = H + W
    total = total + 5 * N
    assert hash(H) == before
    assert str(H) == "H"
    assert copy.copy(total) is copy.deepcopy(total) is total


def test_equality_is_by_form_and_never_to_other_kinds():
    assert symbol("H") == H
    assert H != W
    assert H != H + 1
    assert H != 2 * H
    assert H != 5
    assert H != "H"
    assert (H // 2) != "H//2"
    assert len({H, symbol("H"), H + 0}) == 1
    assert H == ANY  # the other operand decides


def test_sums_and_differences_add_and_subtract_the_constants():
    assert (H + 7) + (W + 3) == H + W + 10
    assert (H + 7) - (W + 3) == H - W + 4
    assert (H + 7) + (3 - H) == 10
    assert (H + 7) - (H + 3) == 4
    assert 7 - (H + 3) == 4 - H
    assert H - 0 is H
    assert H + 0 is H
    assert H * 1 is H


def test_a_product_of_many_dims_is_that_of_two_at_a_time():
    assert product([3, 2 * H, W + 5, 7 * W]) == 3 * (2 * H) * (W + 5) * (7 * W)
    assert product([0, H, W + 1]) == 0
    assert product([H, H]) == H**2
    assert product([H + 1, H - 1]) == H**2 - 1
    assert product([N, H + W]) == N * H + N * W


def test_symbols_are_listed_once_and_sorted():
    assert free_symbols((W + H) // 2 * N + H) == ("H", "N", "W")
    assert free_symbols(7) == ()


@pytest.mark.parametrize("name", ["", "2H", "H-W", "é", "H W", "H·W"])
def test_a_symbol_is_named_by_letters_digits_and_underscores(name):
    message = f"a symbol expects a name of letters, digits and underscores, receives {name!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        symbol(name)


def test_ceil_rounds_up_what_floor_rounds_down():
    assert (floor_div(7, 2), ceil_div(7, 2), ceil_div(8, 2), ceil_div(-7, 2)) == (3, 4, 4, -3)
    assert ceil_div(H, 2) == (H + 1) // 2
    assert ceil_div(H, 1) is H
    assert product([]) == 1
    assert product([2, 3]) == 6


def repeated(step):
    dim = H
    for _ in range(60):
        dim = step(dim)


def test_floors_that_nest_without_end_are_refused():
    with pytest.raises(DimLimitError, match=r"^floors nest at most 50 deep$"):
        repeated(lambda dim: (2 * dim + 1) // 3)
    with pytest.raises(DimLimitError, match=r"^a floor term holds at most 20000 factors$"):
        repeated(lambda dim: (2 * dim * dim + 2 * dim + 1) // 3)


def test_a_product_that_explodes_is_refused():
    many = sum(symbol(f"x{i}") for i in range(1000))
    with pytest.raises(DimLimitError, match=r"^a product expands to at most 200000 terms, here 1000 meet 1000$"):
        many * many
    with pytest.raises(DimLimitError, match=r"^a sum expects an exponent of at most 1000, receives 1000000000$"):
        (H + 1) ** 10**9


def test_printing_does_not_depend_on_the_process():
    code = (
        "from shapecalc.dims import symbol as s\n"
        "a, b, c = s('a'), s('b'), s('c')\n"
        "print(str((a//2 + b//3 + c)//4 * (b*c + a//5 - a//3) + a*b*c), repr(a))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(printed) == 1
    assert "Expr('a')" in printed.pop()


def test_importing_dims_brings_no_heavy_module():
    code = (
        "import sys, shapecalc.dims\n"
        "print(*sorted({'numpy', 'dataclasses', 'fractions', 'yaml', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_expr_is_what_the_operators_give():
    assert isinstance(H * W, Expr)
