"""`--format` and `--output`: one result in several formats, on standard output or in a file."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

import pytest

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.color import Color
from shapecalc.cli.options.formats import ENDINGS, Format, Target, format_of, format_option, show, target_of

if TYPE_CHECKING:
    from pathlib import Path

SOME = (Format.TEXT, Format.JSON, Format.CSV)


def shown(
    monkeypatch: pytest.MonkeyPatch, encoding: str, format_: Format, value: str = "⌊7/2⌋ é", **options: bool
) -> str:
    """What `show` prints to a stream of an encoding."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    monkeypatch.setattr(sys, "stdout", stream)
    writers = {Format.TEXT: lambda **manner: repr(manner), Format.JSON: lambda: {"formula": value}}
    show(Target(format_, None, Color.NEVER), writers, **options)
    stream.flush()
    return stream.buffer.getvalue().decode("utf-8")


@pytest.mark.parametrize(("encoding", "unicode"), [("utf-8", True), ("ascii", False), ("latin-1", False)])
def test_text_is_told_what_a_pipe_of_an_encoding_shows(
    monkeypatch: pytest.MonkeyPatch, encoding: str, *, unicode: bool
) -> None:
    manner = {"width": None, "color": False, "unicode": unicode}
    assert shown(monkeypatch, encoding, Format.TEXT) == f"{manner!r}\n"


def test_json_begins_with_the_version_of_its_form(monkeypatch: pytest.MonkeyPatch) -> None:
    document = json.loads(shown(monkeypatch, "utf-8", Format.JSON))
    assert list(document.items()) == [("schema_version", 1), ("formula", "⌊7/2⌋ é")]


def test_json_for_ascii_is_escaped_and_its_formulas_are_spelled_out_where_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    escaped = shown(monkeypatch, "ascii", Format.JSON)
    assert "\\u230a7/2\\u230b" in escaped
    assert json.loads(escaped)["formula"] == "⌊7/2⌋ é"
    spelled = shown(monkeypatch, "ascii", Format.JSON, "⌊7/2⌋", formulas=True)
    assert json.loads(spelled)["formula"] == "floor(7/2)"


def test_a_file_has_every_character_and_no_width_and_replaces_the_old_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    path = tmp_path / "costs.txt"
    path.write_text("old")
    writers = {Format.TEXT: lambda **manner: f"⌊7/2⌋ {manner}", Format.JSON: dict}
    show(target_of(None, str(path), Color.AUTO), writers)
    assert path.read_text("utf-8") == "⌊7/2⌋ {'width': None, 'color': False, 'unicode': True}\n"
    assert [*tmp_path.iterdir()] == [path]


def test_the_ending_chooses_the_format_unless_an_option_does() -> None:
    for ending, format_ in ENDINGS.items():
        for name in (f"a{ending}", f"a.b/c{ending.upper()}"):
            assert format_of(name, Format) is format_, name
    for name in ("found", "/dev/stdout", "a.b/found", ".json"):
        assert format_of(name, SOME) is Format.TEXT, name
    assert target_of(Format.JSON, "a.csv", Color.AUTO, SOME).format is Format.JSON
    assert target_of(Format.JSON, "a.sarif", Color.AUTO, SOME).format is Format.JSON
    assert target_of(None, "a.csv", Color.AUTO, SOME).format is Format.CSV


def test_an_ending_of_no_format_of_the_command_is_refused_with_those_that_are() -> None:
    for name in ("a.sarif", "a.tex", "a.foo", "a.json.gz"):
        with pytest.raises(Misuse, match=r"ends in \.txt, \.log, \.json or \.csv, receives `a\."):
            format_of(name, SOME)


def test_a_missing_folder_is_an_error_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        target_of(None, str(tmp_path / "no" / "a.json"), Color.AUTO)
    assert caught.value.filename == str(tmp_path / "no" / "a.json")


def test_a_word_is_a_format_of_the_command_or_an_old_spelling_of_one() -> None:
    parse = format_option(*SOME).parser
    assert [parse(word) for word in ("text", "table", "JSON", "csv")] == ["text", "text", "json", "csv"]
    for word in ("sarif", "jason", "", "Format.JSON"):
        with pytest.raises(Misuse, match=f"`--format` expects text, json or csv, receives `{word}`"):
            parse(word)
