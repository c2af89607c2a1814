"""A refusal takes as long as its line, whatever the line holds: no search begins anew at each of its characters."""

from __future__ import annotations

from time import perf_counter

import pytest

from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.files.load import loads_source

LONG = 120_000
SECONDS = 10
"""More than enough: each of these takes some 20 ms, and a minute where each character begins a search of its own."""

# Each row: a line, its code and what is said of it.
LINES = [
    ("a: " + "b" * LONG + " , c: c: d\n", "SC003", "`c:` is a second key on its line"),
    ("a: " + "b" * LONG + ": c\n", "SC003", "is a second key on its line"),
    ("[a, " + "b" * LONG + " : c : d]\n", "SC003", "a comma is missing before"),
    ("x:\n  a:b" + " " * LONG + "x\n  c: d\n", "SC003", "has no space after its colon"),
    ("a:b" + " " * LONG + "x # y\nc: d\n", "SC003", "follows a value that is already complete"),
    ("input: " + "\u00a0" * LONG + "\nlayers: [relu]\n", "SC013", "has 120000 characters"),
    ("input: a" + " " * (LONG // 2) + "b, c\nlayers: [relu]\n", "SC109", "`input` expects a shape"),
]
NAMES = ["a word", "a key", "a word in brackets", "spaces", "spaces and a remark", "spaces unseen", "spaces in a shape"]


@pytest.mark.parametrize(("line", "code", "said"), LINES, ids=NAMES)
def test_a_long_line_is_refused_in_proportion_to_it(line: str, code: str, said: str) -> None:
    start = perf_counter()
    with pytest.raises(ShapecalcError) as caught:
        loads_source(Source("net.yaml", line))
    assert perf_counter() - start < SECONDS
    assert code in {found.code for found in caught.value.diagnostics}
    assert any(said in found.message for found in caught.value.diagnostics)
