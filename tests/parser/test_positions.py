"""Lines and columns of a text, with any of the three line breaks of YAML."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from shapecalc.diagnostics import Span
from shapecalc.parser.positions import offsets_of, span_between


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_each_line_break_counts_once(line_break: str) -> None:
    text = f"a: 1{line_break}{line_break}b: 22{line_break}"
    start = text.index("22")
    assert span_between(text, start, start + 2) == Span(3, 4, 3, 6)


@pytest.mark.parametrize("character", ["\x0b", "\x0c", "\x85", "\u2028"])
def test_what_only_python_takes_for_a_line_break_is_a_character(character: str) -> None:
    assert span_between(f"a{character}b", 2, 3) == Span(1, 3, 1, 4)


def test_a_span_may_reach_over_lines_and_be_empty() -> None:
    assert span_between("ab\ncd\n", 1, 5) == Span(1, 2, 2, 3)
    assert span_between("ab\n", 3, 3) == Span(2, 1, 2, 1)


@given(st.text("ab\n\r", max_size=12), st.data())
def test_a_span_leads_back_to_its_offsets(text: str, data: st.DataObject) -> None:
    """A position between the two signs of one line break is in no line."""
    places = [at for at in range(len(text) + 1) if text[max(at - 1, 0) : at + 1] != "\r\n"]
    start, end = sorted(data.draw(st.tuples(st.sampled_from(places), st.sampled_from(places))))
    assert offsets_of(text, span_between(text, start, end)) == (start, end)
