"""Conditions: what is decided at once, what is left at some sizes, and how they are written."""

from __future__ import annotations

import pytest

from shapecalc.dims import Condition, Relation, condition, parse
from tests.support.rows import for_each

ZERO, NONNEGATIVE = Relation.ZERO, Relation.NONNEGATIVE


@for_each(
    "text, relation, decided",
    [
        ("0", ZERO, True),
        ("-3", ZERO, False),
        ("3", ZERO, False),
        ("0", NONNEGATIVE, True),
        ("3", NONNEGATIVE, True),
        ("-1", NONNEGATIVE, False),
        ("H", ZERO, False),  # a symbol is at least 1
        ("-H", ZERO, False),
        ("H - 1", NONNEGATIVE, True),
        ("H//5", NONNEGATIVE, True),
        ("-H", NONNEGATIVE, False),
        ("-(H//5) - 1", NONNEGATIVE, False),
        ("H % 5 - 5", NONNEGATIVE, False),
    ],
)
def test_what_holds_at_every_size_or_at_none_is_decided(text: str, relation: Relation, *, decided: bool) -> None:
    assert condition(parse(text), relation) is decided


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("H - 1", ZERO),
        ("1 - H", ZERO),
        ("H//5", ZERO),
        ("H - W", ZERO),
        ("H - 2", NONNEGATIVE),
        ("1 - H", NONNEGATIVE),
        ("-(H//5)", NONNEGATIVE),
        ("H % 5 - 4", NONNEGATIVE),
        ("H - W", NONNEGATIVE),
    ],
)
def test_what_depends_on_the_size_is_a_condition(text: str, relation: Relation) -> None:
    assert condition(parse(text), relation) == Condition(parse(text), relation)


def test_a_condition_holds_at_sizes_that_bind_its_symbols() -> None:
    equal, bound = Condition(parse("H - 2*W"), ZERO), Condition(parse("H - 2*W"), NONNEGATIVE)
    assert [equal.holds({"H": size, "W": 5, "Z": 3}) for size in (9, 10, 11)] == [False, True, False]
    assert [bound.holds({"H": size, "W": 5}) for size in (9, 10, 11)] == [False, True, True]
    with pytest.raises(AssertionError, match=r"^`H == 2\*W` expects a size for W$"):
        equal.holds({"H": 10})


def test_at_some_sizes_the_rest_of_a_condition_is_left() -> None:
    bound = Condition(parse("H - 2*W"), NONNEGATIVE)
    assert bound.at({"W": 5}) == Condition(parse("H - 10"), NONNEGATIVE)
    assert bound.at({"H": 3}) == Condition(parse("3 - 2*W"), NONNEGATIVE)
    assert bound.at({"H": 1}) is False
    assert bound.at({"H": parse("2*W")}) is True


@pytest.mark.parametrize(
    ("text", "relation", "ascii_text", "pretty_text"),
    [
        ("H - 5", ZERO, "H == 5", "H == 5"),
        ("5 - H", ZERO, "H == 5", "H == 5"),
        ("H - 5", NONNEGATIVE, "H >= 5", "H >= 5"),
        ("5 - H", NONNEGATIVE, "H <= 5", "H <= 5"),
        ("H + 5", NONNEGATIVE, "H + 5 >= 0", "H + 5 >= 0"),
        ("-H - 5", NONNEGATIVE, "H <= -5", "H <= -5"),
        ("-H - 5", ZERO, "H == -5", "H == -5"),
        ("H - W", ZERO, "H == W", "H == W"),
        ("H - 2*W + 3", NONNEGATIVE, "H + 3 >= 2*W", "H + 3 >= 2·W"),
        ("H - 2*W - 3", NONNEGATIVE, "H >= 2*W + 3", "H >= 2·W + 3"),
        ("(H + 1)//2 - 2*(H//4)", ZERO, "(H + 1)//2 == 2*(H//4)", "⌊(H + 1)/2⌋ == 2·⌊H/4⌋"),
    ],
)
def test_a_condition_has_what_is_subtracted_on_the_right(
    text: str, relation: Relation, ascii_text: str, pretty_text: str
) -> None:
    written = Condition(parse(text), relation)
    assert (str(written), written.pretty) == (ascii_text, pretty_text)
