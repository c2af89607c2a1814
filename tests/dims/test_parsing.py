"""The grammar, its precedence, and texts that mean harm."""

from __future__ import annotations

import pickle

import pytest

from shapecalc.dims import DimSyntaxError, parse, symbol
from shapecalc.dims.parsing import _Reader
from tests.support.rows import for_each

H, W = symbol("H"), symbol("W")


@for_each(
    "text, dim",
    [
        ("7", 7),
        ("  H ", H),
        ("h_2", symbol("h_2")),
        ("neg", symbol("neg")),
        ("1 + 2*3", 7),
        ("(1 + 2)*3", 9),
        ("7 - 2 - 1", 4),  # from the left
        ("2**3**2", 512),  # from the right
        ("-2**2", -4),  # the power binds first, as in Python
        ("-7//2", -4),  # the sign binds before the division, as in Python
        ("-7%4", 1),
        ("20//3*2", 12),
        ("1 - 2*3", -5),
        ("8*7//3", 18),
        ("8*7%3", 2),
        ("2 + 7%4", 5),
        ("2*-3", -6),
        ("--+-5", -5),
        ("2--3", 5),
        ("(H + 31)//32", (H + 31) // 32),
        ("H*W//W", H),
        ("H%4", H % 4),
        ("H + (W + 3)", H + W + 3),
        ("H - (W + 3)", H - W - 3),
        ("H**0", 1),
        ("(H + 1)**0", 1),
        ("(H + W)**2", H * H + 2 * H * W + W * W),
        ("(H)", H),
        ("H\t+1", H + 1),
        ("9" * 5000, int("9" * 2500) * 10**2500 + int("9" * 2500)),  # longer than `int` reads at once
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, str) else "",
)
def test_a_text_is_read_with_python_s_precedence(text, dim):
    assert parse(text) == dim


@for_each(
    "text, message, column",
    [
        ("", "the end stands where a number, a name or `(` is expected", 1),
        ("H +", "the end stands where a number, a name or `(` is expected", 4),
        ("H + * 2", "`*` stands where a number, a name or `(` is expected", 5),
        ("()", "`)` stands where a number, a name or `(` is expected", 2),
        ("H W", "`W` stands where an operator is expected", 3),
        ("2H", "`H` stands where an operator is expected", 2),
        ("H(2)", "`(` stands where an operator is expected", 2),
        ("H " + "W" * 41, f"`{'W' * 40}` stands where an operator is expected", 3),
        ("(H + (2)", "`(` is never closed", 1),
        ("(H + (2", "`(` is never closed", 6),
        ("H) + 2", "`)` closes nothing", 2),
        ("H / 2", "'/' has no meaning in a dimension, whole division is written `//`", 3),
        ("H . x", "'.' has no meaning in a dimension", 3),
        ("H\n", "'\\n' has no meaning in a dimension", 2),
        ("é", "'é' has no meaning in a dimension", 1),
        ("٣", "'٣' has no meaning in a dimension", 1),
        ("H//0", "`H` is divided by 0", 2),
        ("H//-2", "`H` expects a positive divisor, receives -2", 2),
        ("H//W", "`H` is no exact multiple of `W`", 2),
        ("H%W", "`%` expects a positive number on its right, receives `W`", 2),
        ("2%0", "`2` is divided by 0", 2),
        ("H**W", "`**` expects a number of 0 or more on its right, receives `W`", 2),
        ("H**-1", "`**` expects a number of 0 or more on its right, receives `-1`", 2),
        ("__import__('os')", "`(` stands where an operator is expected", 11),
    ],
)
def test_what_is_no_dim_is_refused_with_its_column(text, message, column):
    with pytest.raises(DimSyntaxError) as caught:
        parse(text)
    assert (caught.value.message, caught.value.column) == (message, column)
    assert str(caught.value) == f"{message} (column {column})"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(" * 100_000, "the end stands where"),
        ("(" * 100_000 + "H" + ")" * 99_999, "`(` is never closed"),
        ("-" * 100_000, "the end stands where"),
        ("2**" * 100_000, "the end stands where"),
        ("9" * 100_000, "a number expects at most 20000 digits, receives 100000"),
        ("9**9**9**9", "a number expects at most 20000 digits"),
        ("H**1000000000000", "a number expects at most 20000 digits"),
        ("(H + 1)**70000", "an expression of this length expects to need less work than this one"),
        ("*".join(["(H + 1)"] * 100_000), "an expression of this length expects to need less work than this one"),
        ("(H + W + 1)//7" + "//7" * 300_000, "a number expects"),
        ("+".join(["2**30000"] * 100_000), "an expression of this length expects to need less work than this one"),
        ("*".join(["9" * 15_000] * 60), "a number expects at most 20000 digits"),
        ("(H//2" + ")**2*3//2" * 5, "`)` closes nothing"),
        (
            "*".join(f"(a{i} + b{i})" for i in range(200)),
            "an expression of this length expects to need less work than this one",
        ),
        ("(2*" * 80 + "H" + "+ 1)//3" * 80, "floors nest at most 50 deep"),
        ("H+" * 600_000 + "H", "an expression expects at most 1000000 characters, receives 1200001"),
    ],
    ids=lambda value: value[:12],
)
def test_a_hostile_text_is_refused_in_bounded_time_and_space(text, message):
    with pytest.raises(DimSyntaxError) as caught:
        parse(text)
    assert caught.value.message.startswith(message)


def test_deep_parentheses_and_long_sums_are_no_harm():
    assert parse("(" * 200_000 + "H" + ")" * 200_000) == H
    assert parse("-" * 100_000 + "H") == H
    assert parse("H + " * 20_000 + "H") == 20_001 * H
    many = parse(" + ".join(f"x{i}" for i in range(20_000)))
    assert len(many.terms) == 20_000
    assert parse(str(many)) == many


def test_the_error_survives_a_process_boundary():
    error = pickle.loads(pickle.dumps(DimSyntaxError("`)` closes nothing", 2)))
    assert (error.message, error.column) == ("`)` closes nothing", 2)


TOO_LONG = "a number expects at most 20000 digits, one in a result has more"


@pytest.mark.parametrize(
    ("text", "beyond", "message", "column"),
    [
        (
            *("H" + " " * 999_999, "H" + " " * 1_000_000),
            *("an expression expects at most 1000000 characters, receives 1000001", 1),
        ),
        ("H + " + "9" * 20_000, "H + " + "9" * 20_001, "a number expects at most 20000 digits, receives 20001", 5),
        # 80,000 bits are the bound of a result, and 2 has two bits.
        ("2**40000", "2**40001", TOO_LONG, 2),
        ("H**80000", "H**80001", TOO_LONG, 2),
        ("0**80000", "0**80001", TOO_LONG, 2),
        ("2**39999*2**39999", "2**39999*2**40000", TOO_LONG, 9),
        ("H//2**39999//2**40000", "H//2**40000//2**40000", TOO_LONG, 12),
        ("(2*(W//5) + H//2**40000)//2", "(2**40000*(W//5) + H//2**40000)//2**40000", TOO_LONG, 32),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_limit_itself_is_allowed(text, beyond, message, column):
    parse(text)
    with pytest.raises(DimSyntaxError) as caught:
        parse(beyond)
    assert (caught.value.message, caught.value.column) == (message, column)


@for_each(
    "text, work",
    [
        ("H", 0),
        ("-7", 1),
        ("-H", 2),  # one for the constant, one per term
        ("H + 7", 2 + 1),
        ("H + W + 7", 2 + 2 + 1),  # a sum is not copied
        ("H*W", 2 * 2),
        ("(H + W)*(H + 2)", 4 + 3 + 3 * 2),
        ("2**255", 1 + 510 // 16),
        ("2**255*2**255", 32 + 32 + (1 + 512 // 256)),
        ("2**255*2**254", 32 + 32 + (1 + 511 // 256)),
        ("H**40", 1 + 40 // 16),
        ("(H + 1)**2", 3 + 2 * 1 + 2 * 2),
        ("(H + W)**2", 4 + 3 * 1 + 3 * 3),
        ("H//3", 2 * 1),
        ("H%3", 2 * 1),
        ("(H*W + W)//W", 4 + 4 + 3 * 2),
        ("-(H//3)", 2 + (2 + 1)),  # with the term in the floor
        ("-((H + W)//3)", 4 + 3 + (2 + 2)),
        ("-(H//2**512)", 65 + 2 + (2 + 1 + 513 // 256)),
        ("-(H//2**510)", 64 + 2 + (2 + 1 + 511 // 256)),
    ],
)
def test_an_operation_is_charged_for_the_terms_and_bits_that_it_touches(text, work):
    reader = _Reader(text)
    reader.read()
    assert reader.budget == 200_000 + 10 * len(text) - work


def test_a_budget_may_be_used_up():
    reader = _Reader("H")
    reader.charge(200_010)
    with pytest.raises(ValueError, match=r"^an expression of this length expects to need less work than this one$"):
        reader.charge(1)
