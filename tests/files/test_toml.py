"""TOML within limits, and positions in it that are certain."""

from __future__ import annotations

import time
import tomllib

import pytest
from hypothesis import given, strategies as st

from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.files.toml import MOST_BYTES, key_span, read_toml, text_span

HOSTILE = {
    "a key of many parts": ("a" + ".a" * 130_000 + " = 1", "has a key of more than 16 parts"),
    "a key of many quoted parts": ('"a.b" . ' * 20 + "c = 1", "has a key of more than 16 parts"),
    "a header of many parts": ("[" + "a." * 130_000 + "b]", "has a key of more than 16 parts"),
    "arrays": ("a = " + "[" * 200_000, "more than 64 arrays and tables in each other"),
    "inline tables": ("a = " + "{a = " * 50_000, "more than 64 arrays and tables in each other"),
    "a long integer": ("a = " + "9" * 200_000, "cannot be read: it has an integer of thousands of digits"),
    "quotes in a text that does not end": ('a = """' + '\\"""' * 60_000, "is not TOML: unterminated string"),
    "quotes that do not end": ('a = "' + '\\"' * 130_000, "is not TOML"),
    "a backslash at the end": ('a = """' + '\\"""' * 60_000 + "\\", "is not TOML"),
    "single quotes": ("a = '''" + "''" * 100_000, "is not TOML"),
    "words": ("a " * 130_000, "is not TOML: expected '=' after a key"),
    "a day that no month has": ("a = 2020-02-30", "is not TOML: invalid date or datetime"),
    "a null character": ("a = \0", "is not TOML: invalid value"),
    "half a character": ('a = "\\ud800"', "is not TOML"),
    "a key twice": ("a = 1\na = 2", "is not TOML: cannot overwrite a value"),
    "a table twice": ("[tool.a]\nb = 1\n[tool.a]", "is not TOML: cannot declare `tool.a` twice"),
    "a table that is a list": ("a = []\n[[a]]", "is not TOML: cannot mutate immutable namespace `a`"),
    "nothing after a sign": ("a =", "is not TOML"),
}


def test_a_hostile_text_is_refused_at_once() -> None:
    for name, (text, says) in HOSTILE.items():
        assert len(text) <= MOST_BYTES, name
        begun = time.process_time()
        with pytest.raises(ShapecalcError) as caught:
            read_toml(Source("a.toml", text))
        assert time.process_time() - begun < 2, name
        (found,) = caught.value.diagnostics
        assert (found.code, caught.value.exit_code) == ("SC506", 2), name
        assert says in found.message, (name, found.message)
        if found.span is not None:
            line = text.split("\n")[found.span.line - 1]
            assert 1 <= found.span.column <= len(line) + 1, name


def test_a_mistake_is_marked_where_it_is() -> None:
    with pytest.raises(ShapecalcError) as caught:
        read_toml(Source("a.toml", "[a]\r\nb = 1\r\nc = yes\r\n"))
    assert caught.value.diagnostics[0].span == (3, 5, 3, 6, 0)


@given(st.text("ab.=[]{}\"'#\\\n 1,", max_size=60))
def test_what_tomllib_reads_is_read_alike_and_the_rest_is_refused(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except ValueError:
        expected = None
    try:
        read = read_toml(Source("a.toml", text))
    except ShapecalcError as error:
        read, codes = None, [found.code for found in error.diagnostics]
    else:
        codes = []
    assert read == expected
    assert codes == ([] if expected is not None else ["SC506"])


TEXT = """\
# select = ["SC1"]
title = "select = 'SC1'"
[tool.shapecalc]
select = [ "SC1", 'SC1' ]
"ignore" = "SC1"
set.N = 8
note = '''
select = 1
'''
[tool.other]
select = ["SC1"]
[[tool.shapecalc.overrides]]
select = ["SC1"]
[[tool.shapecalc.overrides]]
select = ["SC1"]
[tool.shapecalc.budgets]
max = 1
"""


def test_a_position_is_that_of_the_key_or_text_that_is_read_there() -> None:
    tomllib.loads(TEXT)
    own = ("tool", "shapecalc")
    keys = {
        ("title",): (2, 1),
        (*own, "select"): (4, 1),
        (*own, "ignore"): (5, 1),
        (*own, "set"): (6, 1),
        (*own, "set", "N"): (6, 5),
        ("tool", "other", "select"): (11, 1),
        (*own, "overrides", 0, "select"): (13, 1),
        (*own, "overrides", 1, "select"): (15, 1),
        (*own, "budgets"): (16, 17),
        (*own, "budgets", "max"): (17, 1),
    }
    for path, place in keys.items():
        span = key_span(TEXT, path)
        assert span is not None, path
        assert span[:2] == place, path
    texts = {
        (*own, "select", 0): (4, 12),
        (*own, "select", 1): (4, 19),
        (*own, "ignore"): (5, 12),
        ("tool", "other", "select", 0): (11, 11),
        (*own, "overrides", 1, "select", 0): (15, 11),
    }
    for path, place in texts.items():
        span = text_span(TEXT, path, "SC1")
        assert span is not None, path
        assert span[:2] == place, path


def test_a_position_that_is_not_certain_is_none() -> None:
    assert key_span(TEXT, ("missing",)) is None
    assert text_span('a = "S\\u0043"', ("a",), "SC") is None
    assert key_span("a = 1\n" + "# " * 2**16, ("a",)) is None


names = st.sampled_from(["a", "b", "a-b", "key"])


@given(st.dictionaries(names, st.dictionaries(names, st.text("abc", min_size=1), min_size=1), min_size=1))
def test_the_text_at_a_position_is_the_key_and_the_value(tables: dict[str, dict[str, str]]) -> None:
    text = "\n".join(
        f"[{name}]\n" + "\n".join(f'{key} = "{value}"' for key, value in table.items())
        for name, table in tables.items()
    )
    lines = text.split("\n")
    for name, table in tables.items():
        for key, value in table.items():
            span = key_span(text, (name, key))
            assert span is not None
            header = max(number for number in range(span.line) if lines[number].startswith("["))
            assert lines[header] == f"[{name}]"
            assert lines[span.line - 1][span.column - 1 : span.end_column - 1] == key
            mark = text_span(text, (name, key), value)
            assert mark is not None
            assert mark.line == span.line
            assert lines[mark.line - 1][mark.column - 1 : mark.end_column - 1] == f'"{value}"'
