"""Rules as text, at any width."""

from __future__ import annotations

import re

import pytest

from shapecalc.diagnostics.rules import rules
from shapecalc.render import rule as renderer


@pytest.mark.parametrize("width", [40, 80, 200])
def test_running_text_keeps_to_the_width(width: int) -> None:
    for one in rules():
        words = max(len(word) for word in re.findall(r"`[^`]+`[^\s`]*|\S+", one.text))
        paragraphs = renderer.full(one, width=width).split("\n\n")[1 : one.text.count("\n\n") + 2]
        assert " ".join(" ".join(paragraphs).split()) == " ".join(one.text.split()), "no word is lost"
        assert max(len(line) for part in paragraphs for line in part.splitlines()) <= max(min(width, 100), words)


def test_signs_that_are_spelt_out_are_wrapped_too() -> None:
    for one in rules():
        text = renderer.full(one, unicode=False)
        assert text.isascii()
        assert max(len(line) for line in text.split("\n\nBroken:")[0].split("\n\nFor example:")[0].splitlines()) <= 100


def test_a_list_is_cut_to_the_width() -> None:
    lines = renderer.overview(rules(), 30).splitlines()
    assert all(len(line) <= 30 for line in lines[:-1])
    assert lines[0] == "SC001  a file, a folder or a…"
    assert renderer.overview(rules(), 30, unicode=False).startswith("SC001  a file, a folder or...\n")


def test_an_example_of_commands_is_not_read_as_a_file() -> None:
    (one,) = [one for one in rules() if one.code == "SC312"]
    text = renderer.full(one)
    assert "For example:\n\n    $ shapecalc inspect lenet5 --set M=2\n    error[SC312]: " in text
    assert "\n\nFixed:\n\n    $ shapecalc" in text


def test_a_code_span_is_not_cut_at_the_end_of_a_line() -> None:
    for one in rules():
        text = renderer.full(one, width=50).split("\n\n")[1 : one.text.count("\n\n") + 2]
        assert all(line.count("`") % 2 == 0 for part in text for line in part.splitlines())
