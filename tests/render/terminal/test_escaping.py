from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies as st

from shapecalc.render.terminal.escaping import letters, terminal
from tests.support.ci_logs import commands


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
        ("\U0001bca0\u034f\u17b4", "\\u{1bca0}\\u{34f}\\u{17b4}"),
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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", "\\u{3a}:error::x"),
        ("a \xa0::add-mask::x", "a \xa0\\u{3a}:add-mask::x"),
        ("a##[error]b", "a\\u{23}#[error]b"),
        ("##vso[task.setvariable]x", "\\u{23}#vso[task.setvariable]x"),
        ("torch::nn::Linear", "torch::nn::Linear"),
        ("## heading, a::, :: and [1]", "## heading, a::, :: and [1]"),
    ],
)
def test_what_a_log_obeys_is_written_out_and_nothing_else(text: str, shown: str):
    assert terminal(text) == shown


@given(st.text(st.sampled_from("#:[]a \n\x1b\u202e")))
def test_letter_by_letter_gives_the_same(text: str):
    assert "".join(letters(text, 0, len(text))) == terminal(text)


@given(st.lists(st.sampled_from(["::", "##", "[error]", "error::", " ", "\n", "\u2003", ":", "#", "%0A"])).map("".join))
def test_the_runner_obeys_nothing_that_is_shown(text: str):
    assert not commands(terminal(text))
