from __future__ import annotations

import pytest

from shapecalc.diagnostics import Fix, Source, Span

FIRST, SECOND = Source("first.yaml", "a: 1"), Source("second.yaml", "b: 2")
NET = Source("net.yaml", "include: [first.yaml, second.yaml]", (FIRST, SECOND))


def test_a_span_without_a_file_points_into_the_text_itself():
    assert NET.of(Span(1, 1, 1, 8)) is NET


@pytest.mark.parametrize(("file", "text"), [(0, NET), (1, FIRST), (2, SECOND)])
def test_a_span_finds_its_text_by_number(file: int, text: Source):
    assert NET.of(Span(1, 1, 1, 2, file)) is text


@pytest.mark.parametrize("file", [-1, 3])
def test_a_file_that_is_not_there_is_the_text_itself(file: int):
    assert NET.of(Span(1, 1, 1, 2, file)) is NET


def test_equal_places_in_two_files_are_two_places():
    assert Span(1, 1, 1, 2, file=1) != Span(1, 1, 1, 2, file=2)


def test_a_fix_finds_the_text_that_it_edits():
    assert NET.of(Fix(Span(1, 4, 1, 5, file=2), "3").span) is SECOND
