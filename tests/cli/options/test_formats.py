"""`--format`: text for people and JSON for programs, from the same result."""

from __future__ import annotations

import io
import json
import sys

import pytest

from shapecalc.cli.options.color import Color
from shapecalc.cli.options.formats import TableFormat, TextFormat, show


def shown(
    monkeypatch: pytest.MonkeyPatch,
    encoding: str,
    format_: TextFormat | TableFormat,
    value: str = "⌊7/2⌋ é",
    **options: bool,
) -> str:
    """What `show` prints to a stream of an encoding."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    monkeypatch.setattr(sys, "stdout", stream)
    show(format_, Color.NEVER, lambda **manner: repr(manner), lambda: {"formula": value}, **options)
    stream.flush()
    return stream.buffer.getvalue().decode("utf-8")


@pytest.mark.parametrize("format_", [TextFormat.TEXT, TableFormat.TABLE])
@pytest.mark.parametrize(("encoding", "unicode"), [("utf-8", True), ("ascii", False), ("latin-1", False)])
def test_text_is_told_what_a_pipe_of_an_encoding_shows(
    monkeypatch: pytest.MonkeyPatch, encoding: str, format_: TextFormat | TableFormat, *, unicode: bool
) -> None:
    manner = {"width": None, "color": False, "unicode": unicode}
    assert shown(monkeypatch, encoding, format_) == f"{manner!r}\n"


@pytest.mark.parametrize("format_", [TextFormat.JSON, TableFormat.JSON])
def test_json_begins_with_the_version_of_its_form(
    monkeypatch: pytest.MonkeyPatch, format_: TextFormat | TableFormat
) -> None:
    document = json.loads(shown(monkeypatch, "utf-8", format_))
    assert list(document.items()) == [("schema_version", 1), ("formula", "⌊7/2⌋ é")]


def test_json_for_ascii_is_escaped_and_its_formulas_are_spelled_out_where_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    escaped = shown(monkeypatch, "ascii", TextFormat.JSON)
    assert "\\u230a7/2\\u230b" in escaped
    assert json.loads(escaped)["formula"] == "⌊7/2⌋ é"
    spelled = shown(monkeypatch, "ascii", TextFormat.JSON, "⌊7/2⌋", formulas=True)
    assert json.loads(spelled)["formula"] == "floor(7/2)"
