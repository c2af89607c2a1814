"""Precedence, nesting and places of errors, by a language that puts parentheses around each operation."""

from __future__ import annotations

import ast
import re
from typing import ClassVar, NamedTuple

import pytest
from hypothesis import given, strategies as st

from shapecalc.dims.reader import COMPARISONS, Reader


class MisreadError(ValueError):
    """A message, and from where to where it applies."""


class Grouped(NamedTuple):
    """A text with parentheses around each operation, and where the operators start, in the order of application."""

    text: str
    applied: tuple[int, ...]


class Grouping(Reader[str]):
    """Python's operators, of which `!` stands for none."""

    pattern: ClassVar = re.compile(r"\s*(?:(?P<name>\w+)|(?P<sign>\*\*|[-+*()!])|(?P<end>\Z)|(?P<other>.))", re.DOTALL)
    infix: ClassVar = {"or": 1, "and": 2, "+": 4, "-": 4, "*": 5, "**": 7}
    prefix: ClassVar = {"not": 3, "-": 6, "(": 0}
    from_the_right: ClassVar = frozenset({"**"})
    after_operand: ClassVar = "an operator"

    def __init__(self, text: str, *part: int, **fields: bool) -> None:
        self.applied: list[int] = []
        super().__init__(text, *part, **fields)

    def operand(self) -> str:
        if self.kind != "name" or self.text in ("and", "or", "not"):
            raise self.unexpected("a name")
        name = self.text
        self.advance()
        return name

    def apply(self, sign: str, start: int, operands: int) -> None:
        self.applied.append(start)
        right = self.values.pop()
        self.values.append(f"({self.values.pop()} {sign} {right})" if operands == 2 else f"({sign} {right})")

    def unexpected(self, expected: str) -> MisreadError:
        return self.error(f"expects {expected}", self.start, self.stop)

    def error(self, message: str, start: int, stop: int) -> MisreadError:
        return MisreadError(message, start, stop)


class Shallow(Grouping):
    """The same with a bound on nesting."""

    deepest: ClassVar = 3


def grouped(text: str) -> Grouped:
    reader = Grouping(text)
    return Grouped(reader.read(), tuple(reader.applied))


ARITHMETIC = st.recursive(
    st.sampled_from("abc"),
    lambda inner: (
        st.tuples(inner, st.sampled_from([" + ", "-", "*", " ** "]), inner).map("".join)
        | inner.map("({})".format)
        | inner.map("-{}".format)
    ),
    max_leaves=12,
)


@given(ARITHMETIC)
def test_arithmetic_is_grouped_as_python_groups_it(text: str) -> None:
    assert ast.dump(ast.parse(grouped(text).text)) == ast.dump(ast.parse(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a", "a"),
        ("((a))", "a"),
        ("a - b - c", "((a - b) - c)"),
        ("a ** b ** c", "(a ** (b ** c))"),
        ("- a ** - b", "(- (a ** (- b)))"),
        ("a or not b and c", "(a or ((not b) and c))"),
        ("not not a or b", "((not (not a)) or b)"),
        ("(a or b) and c", "((a or b) and c)"),
    ],
)
def test_operators_bind_by_their_numbers(text: str, found: str) -> None:
    assert grouped(text).text == found


def test_an_operator_is_applied_as_soon_as_its_operands_are_complete() -> None:
    assert grouped("a + b * c - d").applied == (6, 2, 10)


@pytest.mark.parametrize(
    ("text", "message", "start", "stop"),
    [
        ("", "expects a name", 0, 1),
        ("a + ", "expects a name", 4, 5),
        ("a + ) b", "expects a name", 4, 5),
        ("a  bcd", "expects an operator", 3, 6),
        ("a or b c", "expects an operator", 7, 8),
        ("a ! b", "expects an operator", 2, 3),
        ("a) + b", "expects an operator", 1, 2),
        ("(a + (b)", "expects `)` for this `(`", 0, 1),
        ("a * (b c", "expects `)` for this `(`", 4, 5),
        ("a b ? c", "does not know `?`", 4, 5),  # before the token that has no operator
        ("a\n?", "does not know `?`", 2, 3),
    ],
)
def test_an_error_has_the_place_of_its_token(text: str, message: str, start: int, stop: int) -> None:
    with pytest.raises(MisreadError) as caught:
        grouped(text)
    assert caught.value.args == (message, start, stop)


def test_what_is_left_of_an_unfinished_text_is_applied_before_the_error() -> None:
    reader = Grouping("a + b * c d")
    with pytest.raises(MisreadError, match="expects an operator"):
        reader.read()
    assert reader.values == ["(a + (b * c))"]


def test_a_lazy_reader_finds_the_first_error_of_any_kind() -> None:
    with pytest.raises(MisreadError) as caught:
        Grouping("a b ? c", lazy=True).read()
    assert caught.value.args == ("expects an operator", 2, 3)


def test_a_part_of_a_text_has_the_places_of_the_whole() -> None:
    assert Grouping("${a + b}", 2, 7).read() == "(a + b)"
    with pytest.raises(MisreadError) as caught:
        Grouping("${a + }", 2, 6).read()
    assert caught.value.args == ("expects a name", 6, 7)


def test_nesting_is_bounded_where_a_language_says_so() -> None:
    assert Shallow("((-a)) + (((b))) * - - - c").read() == "((- a) + (b * (- (- (- c)))))"
    for text in ("((((a))))", "a + b * (- - - c)", "----a"):
        with pytest.raises(MisreadError, match="nests deeper than 3"):
            Shallow(text).read()


def test_nesting_without_a_bound_needs_no_recursion() -> None:
    assert grouped("(" * 100_000 + "a" + ")" * 100_000).text == "a"
    assert len(grouped("a" + " ** a" * 2_000).applied) == 2_000


@pytest.mark.parametrize(
    ("sign", "found"), [("<", "TFF"), ("<=", "TTF"), (">", "FFT"), (">=", "FTT"), ("==", "FTF"), ("!=", "TFT")]
)
def test_comparisons_are_those_of_python(sign: str, found: str) -> None:
    assert "".join("FT"[COMPARISONS[sign](left, 5)] for left in (4, 5, 6)) == found
