"""Characters, tabs and directives that are refused, and where tabs are accepted."""

from __future__ import annotations

import pytest

from shapecalc.diagnostics import Span
from shapecalc.parser.characters import forbidden
from tests.support.reading import both_parsers, found, piece, plain, read, refused
from tests.support.rows import for_each


@both_parsers
def test_tabs_are_taken_in_quotes_block_texts_and_comments():
    assert plain(read("a: 'x\ty' # \tz\nb: |\n  x\ty\n#\t\n")) == {"a": "x\ty", "b": "x\ty\n"}


@for_each(
    "character, kind",
    [
        ("\x00", "a control character"),
        ("\x1b", "a control character"),
        ("\x7f", "a control character"),
        ("\x9b", "a control character"),
        ("\x85", "a line break that most editors do not show"),
        ("\u2028", "a line break that most editors do not show"),
        ("\ufeff", "a byte order mark"),
        ("\ud800", "half of a surrogate pair"),
        ("\uffff", "no character"),
    ],
)
@both_parsers
def test_characters_that_no_one_sees_are_refused_where_they_stand(character: str, kind: str):
    text = f"a: 1\nb: x{character}y{character}\n"
    (diagnostic,) = refused(text)
    assert diagnostic.code == "SC003"
    assert diagnostic.message == f"`U+{ord(character):04X}` is {kind}, expects printable text"
    assert diagnostic.span == Span(2, 5, 2, 6)
    assert diagnostic.notes == ("1 more such characters follow",)


@pytest.mark.parametrize("escape", [r"\e[31m", r"\0", r"\x85", r"\u2028", r"\uFEFF"])
@both_parsers
def test_characters_that_no_one_sees_are_refused_as_escapes_too(escape: str):
    assert found(f'a: "{escape}"\n') == [("SC003", f'"{escape}"')]


@for_each(
    "text",
    [
        "a:\t1\n",
        "a: [1,\t2]\n",
        "a: 1\t# c\n",
        "a: x\ty\n",
        "\ta: 1\n",
        "a:\n\tb: 1\n",
        "a:\n  - b\n\t- c\n",
        "a: 'x'\t\n",
    ],
)
@both_parsers
def test_a_tab_where_spaces_are_meant_is_refused_by_both_parsers(text: str):
    (diagnostic,) = refused(text)
    assert diagnostic.message == "a tab stands where YAML expects spaces"
    assert piece(text, diagnostic.span) == "\t"


@pytest.mark.parametrize("text", ["é", "网络", "\U0001d40d", "\xa0", "\t\r\n ~"])
def test_printable_text_of_any_language_is_accepted(text: str) -> None:
    assert forbidden(text).search(text) is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%YAML 1.3", "`%YAML 1.3` is no directive of YAML 1.2"),
        ("%FOO bar", "`%FOO bar` is no directive of YAML 1.2"),
    ],
)
@both_parsers
def test_a_directive_of_no_yaml_is_refused(line: str, message: str) -> None:
    (diagnostic,) = refused(f"{line}\n---\na: 1\n")
    assert (diagnostic.code, diagnostic.message) == ("SC003", message)
    assert piece(f"{line}\n---\na: 1\n", diagnostic.span) == line


@both_parsers
def test_a_directive_needs_three_dashes_after_it() -> None:
    (diagnostic,) = refused("%YAML 1.2\na: 1\n")
    assert diagnostic.message == "`%YAML 1.2` stands without `---` after it"
    assert plain(read("%YAML 1.2\n---\na: 1\n")) == {"a": 1}
    assert plain(read("a: 1\nb: '%FOO'\n")) == {"a": 1, "b": "%FOO"}


@both_parsers
def test_the_fix_of_a_tab_is_safe_only_after_other_text() -> None:
    inline, indenting = (refused(text)[0].fix for text in ("a:\t1\n", "a:\n\tb: 1\n"))
    assert inline is not None
    assert indenting is not None
    assert ((inline.replacement, inline.safe), (indenting.replacement, indenting.safe)) == (("  ", True), ("  ", False))
