"""Spans within spans: the sorted set against a search through all."""

from __future__ import annotations

import random

from shapecalc.diagnostics import Span
from shapecalc.parser.places import Places


def span(chance: random.Random) -> Span:
    """Return one of few spans, so that many touch, contain or repeat each other."""
    first, last = sorted((chance.randrange(1, 4), chance.randrange(1, 9)) for _ in range(2))
    return Span(*first, *last, file=chance.randrange(2))


def contains(outer: Span, inner: Span) -> bool:
    return (
        outer.file == inner.file
        and (outer.line, outer.column) <= (inner.line, inner.column)
        and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
    )


def test_a_span_is_found_within_another_if_a_search_through_all_finds_one() -> None:
    chance = random.Random(19)
    found = 0
    for _ in range(3_000):
        spans = [span(chance) for _ in range(chance.randrange(6))]
        places, asked = Places(spans[:2]), span(chance)
        for each in spans[2:]:
            places.add(each)
        copied = places.copy()
        for gone in spans[:1]:
            places.remove(gone)
        left = [each for each in spans if each not in spans[:1]]
        assert places.within(asked) == any(contains(asked, each) for each in left), (left, asked)
        assert copied.within(asked) == any(contains(asked, each) for each in spans), (spans, asked)
        found += places.within(asked)
    assert 300 < found < 2_700
