from __future__ import annotations

import pytest
import yaml

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source
from shapecalc.parser.reader import read_text
from shapecalc.parser.syntax_errors import explain_syntax_error
from tests.support.rows import for_each

both_parsers = pytest.mark.usefixtures("parser")


def refused(text: str) -> Diagnostic:
    with pytest.raises(ShapecalcError) as caught:
        read_text(Source("net.yaml", text))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "SC003"
    return diagnostic


# Each row: a slip that people make, what is said, the line and columns that it points to.
SLIPS = [
    # indentation
    ("- conv: 3\n    name: x\n", "`name` is indented deeper than the line that it belongs to", (2, 5, 9)),
    ("a: 1\n b: 2\n", "`b` is indented deeper than the line that it belongs to", (2, 2, 3)),
    ("layers:\n  - conv: 1\n name: x\n", "`name` starts in column 2, where no line above it starts", (3, 2, 6)),
    ("- conv: {a: 1}\n  name: c1\n b: c\n", "`b` starts in column 2, where no line above it starts", (3, 2, 3)),
    (" a: 1\nb: 2\n", "`b` is indented less than the first line", (2, 1, 2)),
    ("layers:\n  - a\n\t- b\n", "a tab stands where YAML expects spaces", (3, 1, 2)),
    ("layers:\n  - a\n  \t- b\n", "a tab stands where YAML expects spaces", (3, 3, 4)),
    # lists and keys mixed
    ("- a\nb: 1\n", "`b` stands among list entries, expects `- `", (2, 1, 2)),
    ("a: 1\n- b\n", "`-` starts a list entry among keys, expects a key", (2, 1, 2)),
    ("a: - b\n", "`-` cannot start a list on the line of its key", (1, 4, 5)),
    (": 1\n", "a key is missing before `:`", (1, 1, 2)),
    ("- : 1\n", "a key is missing before `:`", (1, 3, 4)),
    ("{: 1}\n", "a key is missing before `:`", (1, 2, 3)),
    ("a: 1\n]: 2\n", "`]` closes nothing", (2, 1, 2)),
    ("a: 1\n'b' 2\n", "`'b' 2` has no colon, expects `key: value`", (2, 1, 6)),
    ("a: 1\n&x\n", "`&x` has no colon, expects `key: value`", (2, 1, 3)),
    ("- a: 1\n  &x b\n", "`&x b` has no colon, expects `key: value`", (2, 3, 7)),
    # colons
    ("a: b: c\n", "`b:` is a second key on its line", (1, 4, 5)),
    ("- conv: out_channels: 1\n", "`out_channels:` is a second key on its line", (1, 9, 21)),
    ("a:1\nb: 2\n", "`a:1` has no space after its colon", (1, 1, 4)),
    ("- a: 1\n  b:2 # why\n  c: 3\n", "`b:2` has no space after its colon", (2, 3, 6)),
    ("- relu\n  name: r\n", "`relu` has keys under it, expects a colon after it", (1, 3, 7)),
    (
        "layers:\n  - relu # why\n\n    # here\n    name: r\n",
        "`relu` has keys under it, expects a colon after it",
        (2, 5, 9),
    ),
    ("a: 1\nkey # why\nb: 2\n", "`key` has no colon, expects `key: value`", (2, 1, 4)),
    ("a: 1\nconv 3\n", "`conv 3` has no colon, expects `key: value`", (2, 1, 7)),
    ("a b\nc: 1\n", "`a b` is no `key: value`", (1, 1, 4)),
    ("'x': y: z\n", "`y:` is a second key on its line", (1, 6, 7)),
    ("'x'\n: 1\n", "`:` follows a value that is already complete", (2, 1, 2)),
    ("- a: 1 # why\n    name: x\n", "`name` is indented deeper than the line that it belongs to", (2, 5, 9)),
    ("'a b'\n  c: 1\n", "`c` follows a value that is already complete", (2, 3, 4)),
    # brackets
    ("a: [1, 2\n", "`[` is not closed", (1, 4, 5)),
    ("a: {b: 1\nc: 2\n", "`{` is not closed", (1, 4, 5)),
    ("- conv: {out: 1\n- relu\n", "`{` is not closed", (1, 9, 10)),
    ("a: [1, 2}\n", "`}` stands where `]` closes `[`", (1, 9, 10)),
    ("key: [a, b]]\n", "`]` closes nothing", (1, 12, 13)),
    ("a: 1\n}\n", "`}` closes nothing", (2, 1, 2)),
    ("[a]\n]\n", "`]` closes nothing", (2, 1, 2)),
    ("a: {b: 1 c: 2}\n", "a comma is missing before `c`", (1, 10, 11)),
    ("a: {b: 1,\n    c: 2\n    d: 3}\n", "a comma is missing before `d`", (3, 5, 6)),
    ("a: ['x' 'y']\n", "a comma is missing before `'`", (1, 9, 10)),
    ("a: [1, ,3]\n", "a value is missing before `,`", (1, 8, 9)),
    ("a: ]\n", "a value is missing before `]`", (1, 4, 5)),
    # quotes
    ("a: 'x\nb: 1\n", "`'` is not closed", (1, 4, 6)),
    ('a: "x\n', '`"` is not closed', (1, 4, 6)),
    ("a: 'it's'\n", "`s` follows a value that is already complete", (1, 8, 9)),
    ('a: "x" y\n', "`y` follows a value that is already complete", (1, 8, 9)),
    ("[1] x\n", "`x` follows a value that is already complete", (1, 5, 6)),
    ('a: "C:\\dir"\n', "`\\d` is no escape in double quotes", (1, 7, 9)),
    ('a: "\\xg1"\n', "`\\x` is no escape in double quotes", (1, 5, 7)),
    # signs that mean something to YAML
    ("a: @x\n", "`@` cannot start a value", (1, 4, 5)),
    ("a: `x`\n", "a backtick cannot start a value", (1, 4, 5)),
    ("a: %x\n", "`%` cannot start a value", (1, 4, 5)),
    ("a: * b\n", "`*` starts an alias, expects a name of letters and digits", (1, 4, 5)),
    ("a: & b\n", "`&` starts an anchor, expects a name of letters and digits", (1, 4, 5)),
    ("a: |x\n", "`x` stands behind `|`, expects the text on the lines below", (1, 5, 6)),
    ("a: !<x\n", "`!` starts a tag, and tags are refused", (1, 4, 5)),
    ("%\na: 1\n", "`%` is no directive of YAML 1.2", (1, 1, 2)),
    ("a: ? b\n", "`?` starts a key where no key is allowed", (1, 4, 5)),
]


@for_each("text, message, place", SLIPS)
@both_parsers
def test_a_slip_is_said_in_words_of_the_file(text: str, message: str, place: tuple[int, int, int]):
    diagnostic = refused(text)
    assert diagnostic.message == message
    span = diagnostic.span
    assert (span.line, span.column, span.end_column) == place
    assert span.end_line == span.line


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("a:1\nb: 2\n", "a: 1\nb: 2\n"),
        ("- relu\n  name: r\n", "- relu:\n  name: r\n"),
        ("- a: 1\n  b:2 # why\n", "- a: 1\n  b: 2 # why\n"),
        ("a: {b:1}\n", "a: {b: 1}\n"),
        ("a: 1\t# why\n", "a: 1  # why\n"),
    ],
)
@both_parsers
def test_a_safe_fix_clears_its_error(text: str, mended: str):
    fix = refused(text).fix
    assert fix.safe
    lines = text.splitlines(keepends=True)
    line = lines[fix.span.line - 1]
    lines[fix.span.line - 1] = line[: fix.span.column - 1] + fix.replacement + line[fix.span.end_column - 1 :]
    assert "".join(lines) == mended
    read_text(Source("net.yaml", mended))


def test_spaces_for_a_tab_that_indents_are_a_guess():
    assert not refused("a:\n\tb: 1\n").fix.safe


@both_parsers
def test_an_unclosed_bracket_shows_the_line_that_it_swallowed():
    diagnostic = refused("a: [1, 2\nb: 3\n")
    assert diagnostic.labels[0].text == "this line does not belong to it"
    assert diagnostic.labels[0].span.line == 2
    assert diagnostic.help == "write `]` after its last value"


@both_parsers
def test_an_escape_beyond_unicode_is_found_without_the_parsers_help():
    diagnostic = refused('a: 1\nb: "\\U00110000"\n')
    assert (diagnostic.span.line, diagnostic.span.column) == (2, 5)


def test_an_error_of_a_kind_never_seen_keeps_its_words():
    assert explain_syntax_error("a", ValueError("odd")).message == "YAML cannot be read: odd"
    mark = yaml.Mark("net.yaml", 0, 0, 0, None, None)
    seen = explain_syntax_error("a", yaml.scanner.ScannerError(None, None, "odd", mark))
    assert seen.message == "YAML cannot be read here: odd"


def test_a_colon_before_a_closing_brace_is_refused_by_libyaml():
    assert refused("{a: 1, b:}\n").message == "`:` stands where no key ends"
