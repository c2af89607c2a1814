"""The diagnostics of one text: each once, with the calls around it, and none within a value that is a guess."""

from __future__ import annotations

import pytest

from shapecalc.diagnostics import MOST_DIAGNOSTICS, Diagnostic, Label, ShapecalcError, Source, Span
from shapecalc.parser.diagnostics import Diagnostics, position
from shapecalc.parser.tree import Mapping, Scalar
from tests.support.reading import read

SOURCE = Source("net.yaml", "a: 1\nb: 2\n")


def at(line: int, column: int, end: int) -> Span:
    return Span(line, column, line, end)


def test_a_mistake_that_an_alias_repeats_is_reported_once() -> None:
    diagnostics = Diagnostics(SOURCE)
    for span in (at(1, 4, 5), at(2, 4, 5), at(1, 4, 5)):
        diagnostics.refuse("SC201", "too small", span, help="write 1")
    assert [(diagnostic.span, diagnostic.help) for diagnostic in diagnostics.recorded] == [
        (at(1, 4, 5), "write 1"),
        (at(2, 4, 5), "write 1"),
    ]


def test_nothing_is_reported_within_a_value_that_the_reader_refused() -> None:
    """Within the span of a refused value everything is a guess; next to it, and in another file, it is not."""
    diagnostics = Diagnostics(SOURCE, [Diagnostic(code="SC024", message="two readings", span=at(1, 4, 9))])
    for span in (at(1, 1, 20), at(1, 4, 9), at(1, 10, 12), at(1, 1, 20)._replace(file=1)):
        diagnostics.refuse("SC201", "too small", span)
    assert [diagnostic.span for diagnostic in diagnostics.recorded[1:]] == [
        at(1, 10, 12),
        at(1, 1, 20)._replace(file=1),
    ]


def test_calls_of_blocks_are_shown_innermost_first_and_only_while_they_last() -> None:
    diagnostics = Diagnostics(SOURCE)
    calls = [Label(at(line, 1, 2), f"call {line}") for line in range(1, 7)]
    with diagnostics.within(calls[0]), diagnostics.within(calls[1]):
        diagnostics.refuse("SC201", "inside", at(1, 1, 2))
    diagnostics.refuse("SC201", "outside", at(1, 1, 2))
    inside, outside = diagnostics.recorded
    assert (inside.labels, outside.labels) == ((calls[1], calls[0]), ())


def test_too_many_mistakes_end_the_reading_in_the_order_of_the_text() -> None:
    diagnostics = Diagnostics(SOURCE)
    for line in range(1000, 1001 - MOST_DIAGNOSTICS, -1):
        diagnostics.refuse("SC201", "too small", at(line, 1, 2))
    with pytest.raises(ShapecalcError, match="too small") as caught:
        diagnostics.refuse("SC201", "too small", at(1001 - MOST_DIAGNOSTICS, 1, 2))
    lines = [diagnostic.span.line for diagnostic in caught.value.diagnostics if diagnostic.span]
    assert lines == list(range(1001 - MOST_DIAGNOSTICS, 1001))


def test_known_keys_are_returned_and_a_misspelt_one_under_its_likely_name() -> None:
    node = read("kernal: 3\nstride: 2\nzzz: 1\n")
    assert isinstance(node, Mapping)
    diagnostics = Diagnostics(SOURCE)
    keys = diagnostics.keys(node, ("kernel", "stride"), "`here`")
    assert {name: value.text for name, value in keys.items() if isinstance(value, Scalar)} == {
        "kernel": "3",
        "stride": "2",
    }
    assert [(diagnostic.message, diagnostic.help) for diagnostic in diagnostics.recorded] == [
        ("unknown key `kernal` in `here`", "write `kernel`"),
        ("unknown key `zzz` in `here`", "keys: kernel, stride"),
    ]


def test_the_fix_of_a_key_is_not_safe_if_the_likely_key_is_given_already() -> None:
    for present, safe in (((), True), (("kernel",), False)):
        diagnostics = Diagnostics(SOURCE)
        key = Scalar("kernal", at(1, 1, 7), "kernal")
        assert diagnostics.unknown(key, ("kernel", "stride"), "unknown", present=present) == "kernel"
        (diagnostic,) = diagnostics.recorded
        assert diagnostic.fix is not None
        assert (diagnostic.fix.span, diagnostic.fix.safe) == (key.span, safe)


def test_mistakes_are_ordered_by_file_and_position_and_those_without_a_span_come_first() -> None:
    spans = [at(2, 1, 2), at(1, 9, 10), at(1, 1, 2)._replace(file=1), None]
    ordered = sorted((Diagnostic(code="SC201", message="", span=span) for span in spans), key=position)
    assert [each.span for each in ordered] == [
        None,
        at(1, 9, 10),
        at(2, 1, 2),
        at(1, 1, 2)._replace(file=1),
    ]
