"""Shapes as people and as programs read them."""

from __future__ import annotations

from shapecalc.dims import as_json, parse, show


def test_a_shape_is_written_in_brackets() -> None:
    assert show(()) == "[]"
    assert show((7,)) == "[7]"
    assert show((parse("N"), 3, parse("(H - 3)//2"))) == "[N, 3, ⌊(H − 3)/2⌋]"


def test_in_json_an_int_stays_and_an_expression_is_what_parse_reads() -> None:
    dim = parse("N*((H - 3)//2)")
    assert [as_json(value) for value in (7, -1, 0, None, dim)] == [7, -1, 0, None, str(dim)]
