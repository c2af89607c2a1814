"""`${…}` holds what Python's own arithmetic on whole numbers gives, and refuses everything else with a place."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from shapecalc.diagnostics import Span
from shapecalc.parser.expressions import ExpressionError, names_used, uses_parameters, value_of
from shapecalc.parser.tree import Node, Scalar, Sequence
from tests.support.rows import for_each

AT = Span(1, 1, 1, 2)
VALUES = {"a": 7, "width": 64, "_0": -3, "B2": 0}
ARGUMENTS: dict[str, Node] = {name: Scalar(value, AT, str(value)) for name, value in VALUES.items()}
OTHERS: dict[str, Node] = {
    "word": Scalar("relu", AT, "relu"),
    "flag": Scalar(True, AT, "true"),
    "half": Scalar(0.5, AT, "0.5"),
    "none": Scalar(None, AT, ""),
    "pair": Sequence((Scalar(3, AT, "3"), Scalar(5, AT, "5")), AT),
}
LARGEST = 2**63 - 1

ATOMS = st.integers(0, 10**6).map(str) | st.sampled_from(sorted(VALUES))
SPACES = st.sampled_from(["", " ", "  ", "\t", "\n"])
SUMS = st.recursive(
    ATOMS,
    lambda inner: (
        st.tuples(inner, SPACES, st.sampled_from(["+", "-", "*", "//", "%"]), SPACES, inner).map("".join)
        | st.tuples(st.just("("), SPACES, inner, SPACES, st.just(")")).map("".join)
        | st.tuples(st.just("-"), SPACES, inner).map("".join)
    ),
    max_leaves=12,
)


def by_python(text: str) -> int | None:
    """Return what Python makes of the same text, None where that divides by zero."""
    try:
        return int(eval(f"({text})", {"__builtins__": {}}, VALUES))
    except ZeroDivisionError:
        return None


def worked_out(text: str) -> Node | int | ExpressionError:
    """Return what comes out of a text, or what is wrong with it, whose place lies in it."""
    try:
        return value_of(text, {**ARGUMENTS, **OTHERS})
    except ExpressionError as found:
        error = found
    assert error.message
    assert 0 <= error.start <= error.end <= len(text) + 1, (text, error.start, error.end)
    return error


@given(SUMS)
def test_arithmetic_is_that_of_whole_numbers_in_python(text: str) -> None:
    expected = by_python(text)
    found = worked_out("${" + text + "}")
    if not isinstance(found, ExpressionError):
        assert found == expected
    elif expected is None:
        assert re.search("by zero|more than 9223372036854775807", found.message)
    else:
        assert re.search("more than 9223372036854775807|nests deeper", found.message), found.message


@given(SUMS, st.data())
def test_a_prefix_is_refused_or_is_a_sum_of_its_own(text: str, data: st.DataObject) -> None:
    whole = "${" + text + "}"
    assert isinstance(worked_out(whole[: data.draw(st.integers(0, len(whole) - 1))]), ExpressionError)
    short = text[: data.draw(st.integers(0, len(text)))]
    found = worked_out("${" + short + "}")
    assert isinstance(found, ExpressionError) or found == by_python(short)


@given(st.text("$ab9 {}()+-*/%^.,é\n\0", max_size=30) | st.text(max_size=20))
def test_whatever_stands_behind_the_sign_is_worked_out_or_refused_with_a_place(text: str) -> None:
    for whole in (text, f"${text}", "${" + text + "}"):
        assert isinstance(worked_out(whole), int | Scalar | Sequence | ExpressionError)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${-7 // 2}", -4),
        ("${-7 % 3}", 2),
        ("${7 % -3}", -2),
        ("${2 + 3 * 4}", 14),
        ("${(2 + 3) * 4}", 20),
        ("${20 // 3 // 2}", 3),
        ("${10 - 3 - 2}", 5),
        ("${--3}", 3),
        ("${ width//4 }", 16),
    ],
)
def test_signs_bind_and_round_as_the_grammar_says(text: str, value: int) -> None:
    assert value_of(text, ARGUMENTS) == value


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_a_name_alone_gives_the_argument_itself_whatever_it_is(name: str) -> None:
    assert value_of(f"${name}", OTHERS) is OTHERS[name]


@for_each(
    "text, message, under",
    [
        ("${width / 2}", "expects `//` to divide, receives `/`", "/"),
        ("${2 ** a}", "knows no `**`", "**"),
        ("${2 ^ a}", "knows no `^`", "^"),
        ("${a +}", "expects a number or a parameter before the end", "}"),
        ("${}", "expects a number or a parameter before the end", "}"),
        ("${a * )}", "expects a number or a parameter before `)`", ")"),
        ("${(a + 1}", "expects `)` for this `(`", "("),
        ("${a a}", "expects an operator, such as `+`, `//` or `==`, before `a`", "a}"),
        ("${a.real}", "does not know `.`", "."),
        ("${a // B2}", "divides 7 by zero", "// B2"),
        ("${a % (1 - 1)}", "divides 7 by zero", "% (1 - 1)"),
        ("${b}", "uses `b`, no parameter of the block", "b"),
        ("$b", "is no parameter of the block", "$b"),
        ("$a b", "expects `$name` alone, or arithmetic in `${…}`", "$a b"),
        ("$", "expects `$name` alone, or arithmetic in `${…}`", "$"),
        ("${word + 1}", 'expects a whole number as `word`, receives the string "relu"', "word"),
        ("${flag + 1}", "expects a whole number as `flag`, receives `true`", "flag"),
        ("${half + 1}", "expects a whole number as `half`, receives 0.5", "half"),
        ("${pair + 1}", "expects a whole number as `pair`, receives a list", "pair"),
    ],
)
def test_what_is_no_arithmetic_is_named_under_the_very_token(text: str, message: str, under: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        value_of(text, {**ARGUMENTS, **OTHERS})
    assert caught.value.message == message
    assert text[caught.value.start : caught.value.end] == under[: caught.value.end - caught.value.start]


def test_parentheses_nest_to_a_bound() -> None:
    assert value_of("${" + "(" * 32 + "1" + ")" * 32 + "}", {}) == 1
    for sign in ("(", "-", "-("):
        with pytest.raises(ExpressionError, match="nests deeper than 32"):
            value_of("${" + sign * 100_000 + "}", {})


def test_numbers_are_bounded_at_every_step() -> None:
    assert value_of(f"${{{LARGEST} - 1 + 1}}", {}) == LARGEST
    for text in (f"{LARGEST} + 1", f"-{LARGEST} - 2", "4294967296 * 4294967296 // 4294967296", "9" * 20):
        with pytest.raises(ExpressionError, match="more than 9223372036854775807"):
            value_of(f"${{{text}}}", {})
    with pytest.raises(ExpressionError, match="more than 20 digits"):
        value_of("${" + "9" * 60_000 + "}", {})


def test_only_text_that_begins_with_the_sign_is_a_use() -> None:
    assert uses_parameters(Scalar("$a", AT, "$a"))
    assert not uses_parameters(Scalar("a$b", AT, "a$b"))
    assert not uses_parameters(Scalar(5, AT, "5"))


def test_the_parameters_in_a_tree_of_values_are_found_wherever_they_stand() -> None:
    node = Sequence((Scalar("$a", AT, ""), Sequence((Scalar("${b - 2 * c}", AT, ""), Scalar("d", AT, "")), AT)), AT)
    assert names_used(node) == {"a", "b", "c"}


COMPARED = st.tuples(SUMS, SPACES, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), SPACES, SUMS).map("".join)
CONDITIONS = st.recursive(
    COMPARED,
    lambda inner: (
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join)
        | st.tuples(st.just("(("), inner, st.sampled_from([") == (", ") != ("]), inner, st.just("))")).map("".join)
        | inner.map("not {}".format)
        | inner.map("({})".format)
    ),
    max_leaves=5,
)


@given(CONDITIONS)
def test_conditions_are_those_of_python(text: str) -> None:
    found = worked_out("${" + text + "}")
    if isinstance(found, ExpressionError):
        assert re.search("by zero|more than 9223372036854775807|nests deeper", found.message), found.message
    else:
        assert isinstance(found, bool)
        assert found is bool(eval(f"({text})", {"__builtins__": {}}, VALUES))


@for_each(
    "text, value",
    [
        ("${not flag}", False),
        ("${flag and a == 7}", True),
        ("${pair[0] + pair[-1]}", 8),
        ("${pair[a - 6] == 5}", True),
        ("${1 + 1 == 2 or flag}", True),
    ],
)
def test_flags_and_entries_of_lists_are_operands(text: str, value: int) -> None:
    assert value_of(text, {**ARGUMENTS, **OTHERS}) is value or value_of(text, {**ARGUMENTS, **OTHERS}) == value


def test_an_entry_alone_is_any_value() -> None:
    words: dict[str, Node] = {"names": Sequence((Scalar("relu", AT, "relu"), Scalar(0.5, AT, "0.5")), AT)}
    assert value_of("${names[0]}", words) == Scalar("relu", AT, "relu")
    assert value_of("${ names[ -1 ] }", words) == Scalar(0.5, AT, "0.5")


@for_each(
    "text, message, under",
    [
        ("${a < width < 70}", "expects whole numbers at `<`, receives a flag", "<"),
        ("${flag and a}", "expects flags at `and`, receives 7", "and"),
        ("${not a}", "expects flags at `not`, receives 7", "not"),
        ("${flag == a}", "expects whole numbers at `==`, receives a flag", "=="),
        ("${flag < flag}", "expects whole numbers at `<`, receives a flag", "<"),
        ("${a = 7}", "knows no `=`", "="),
        ("${flag && flag}", "knows no `&&`", "&&"),
        ("${!flag}", "knows no `!`", "!"),
        ("${and}", "expects a number or a parameter before `and`", "and"),
        ("${pair[2]}", "has no entry 2 of `pair`, whose entries are 0 to 1", "[2]"),
        ("${pair[0] + pair[-3]}", "has no entry -3 of `pair`, whose entries are 0 to 1", "[-3]"),
        ("${a[0]}", "expects a list as `a`, receives 7", "a[0]"),
        ("${pair[flag]}", "expects a whole number as an index, receives a flag", "[flag]"),
        ("${pair[]}", "expects a number or a parameter before the end", "]"),
    ],
)
def test_what_is_no_condition_or_entry_is_named_under_the_very_token(text: str, message: str, under: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        value_of(text, {**ARGUMENTS, **OTHERS})
    assert caught.value.message == message
    assert text[caught.value.start : caught.value.end] == under
