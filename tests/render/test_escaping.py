from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies as st

from shapecalc.render.escaping import terminal


@pytest.mark.parametrize("text", ["", "conv1", "é日本語😀", "⌊(H + 31)/32⌋", "[bold]x[/bold] :warning:", "a\\b"])
def test_what_can_be_seen_stays_as_it_is(text: str):
    assert terminal(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\u{1b}[31m"),
        ("a\nb\tc\r", "a\\u{a}b\\u{9}c\\u{d}"),
        ("\x00\x7f\x9b", "\\u{0}\\u{7f}\\u{9b}"),
        ("a\u202eb", "a\\u{202e}b"),
        ("\u2066x\u2069", "\\u{2066}x\\u{2069}"),
        ("zero\u200bwidth", "zero\\u{200b}width"),
        ("\ud800", "\\u{d800}"),
        ("\ufeff", "\\u{feff}"),
        ("\U000e0041", "\\u{e0041}"),
    ],
)
def test_what_a_terminal_obeys_or_hides_is_written_out(text: str, shown: str):
    assert terminal(text) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_no_control_character_goes_through(text: str):
    shown = terminal(text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert not [
        c
        for c in shown
        if unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    ]
    shown.encode()
