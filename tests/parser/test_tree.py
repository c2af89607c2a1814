"""A mapping returns the value of a key, and a value the span of its start."""

from __future__ import annotations

from shapecalc.diagnostics import Span
from shapecalc.parser.tree import head
from tests.support.reading import plain, read


def span(line: int, column: int, end: int) -> Span:
    return Span(line, column, line, end)


def test_an_absent_key_is_none():
    assert read("a: 1\n").get("b") is None


def test_a_value_is_found_by_its_key_at_any_place() -> None:
    node = read("a: 1\n'b': [2, x]\nc: {a: 3}\n")
    assert [plain(node.get(key)) for key in "abc"] == [1, [2, "x"], {"a": 3}]


def test_a_value_over_many_lines_is_pointed_to_where_it_begins() -> None:
    assert head(read("- 1\n- 2\n")) == span(1, 1, 2)
    assert head(read("ab: 1\nc: 2\n")) == span(1, 1, 3)
    assert head(read("{ab: 1}")) == span(1, 1, 8)
