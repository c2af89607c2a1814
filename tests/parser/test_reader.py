"""The reader of YAML: values with their places, both of PyYAML's parsers, and whatever a file may hold."""

from __future__ import annotations

import random
import string
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, strategies as st

from shapecalc.diagnostics import ShapecalcError, Span
from shapecalc.parser.characters import forbidden
from shapecalc.parser.positions import LINE_BREAK
from shapecalc.parser.reader import parser_name
from shapecalc.parser.scalars import resolve
from shapecalc.parser.tree import Scalar
from shapecalc.render.check.text import render_diagnostics
from tests.support.reading import both_parsers, found, piece, plain, read, scalars
from tests.support.volume import NIGHTLY, at_most, volume

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLE = """\
name: LeNet-5
source: "LeCun et al. 1998"
input: [N, 1, 32, 32]
layers:
  - conv: {out_channels: 6, kernel_size: 5}
    name: c1   # the first
  - tanh
  - linear: 84
expect: {params: 61706, 'eps': 1e-5}
"""
texts = st.text(st.characters(codec="utf-8").filter(lambda c: not forbidden(c).match(c)), max_size=20)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(10**19), 10**19)
    | st.floats(allow_nan=False, allow_infinity=False)
    # PyYAML writes `1e3` and `0o7` without quotes, because YAML 1.1 has them for texts.
    | texts.filter(lambda text: text == "" or resolve(text) == text)
)
trees = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4))


@both_parsers
def test_a_file_reads_as_plain_values():
    assert plain(read(SAMPLE)) == {
        "name": "LeNet-5",
        "source": "LeCun et al. 1998",
        "input": ["N", 1, 32, 32],
        "layers": [{"conv": {"out_channels": 6, "kernel_size": 5}, "name": "c1"}, "tanh", {"linear": 84}],
        "expect": {"params": 61706, "eps": 1e-5},
    }


@both_parsers
def test_every_scalar_knows_its_place():
    for scalar in scalars(read(SAMPLE)):
        written = piece(SAMPLE, scalar.span)
        assert (
            written == (f'"{scalar.text}"' if '"' in written else f"'{scalar.text}'") if scalar.quoted else scalar.text
        )


@both_parsers
def test_columns_count_characters_and_not_bytes():
    node = read("name: é😀 x\nnext: 1\n").get("name")
    assert node.span == Span(1, 7, 1, 11)


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
@both_parsers
def test_all_three_line_breaks_count_lines(line_break: str):
    node = read(f"a: 1{line_break}{line_break}b: 2{line_break}").get("b")
    assert node == Scalar(2, Span(3, 4, 3, 5), "2")


@both_parsers
def test_a_value_left_out_is_null_right_behind_its_colon():
    assert read("a:\nb: 1\n").get("a") == Scalar(None, Span(1, 3, 1, 3), "")


@both_parsers
def test_an_empty_list_and_an_empty_mapping():
    assert plain(read("a: []\nb: {}\n")) == {"a": [], "b": {}}


@both_parsers
def test_quoted_numbers_stay_texts():
    assert plain(read("a: '010'\nb: \"12:30\"\nc: 'null'\n")) == {"a": "010", "b": "12:30", "c": "null"}


@both_parsers
def test_block_texts_are_texts():
    node = read("a: |\n  one\n  two\nb: >\n  010\n")
    assert plain(node) == {"a": "one\ntwo\n", "b": "010\n"}
    assert node.get("a").quoted


@both_parsers
def test_escapes_are_kept_as_written_in_text_and_understood_in_value():
    node = read(r'a: "x\ty"' + "\n").get("a")
    assert (node.value, node.text) == ("x\ty", r"x\ty")


def test_the_parser_in_use_has_a_name(parser: str):
    assert parser_name().startswith(parser.split(maxsplit=1)[0])


def test_a_text_longer_than_a_file_may_be_is_refused():
    assert found("a: 1\n", file_size=4) == [("SC010", None)]
    assert plain(read("a: 1\n", file_size=5)) == {"a": 1}


@given(value=trees.filter(lambda value: value is not None), flow=st.booleans())
@at_most(300)
def test_what_is_dumped_is_read_back(value: object, flow: bool):
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)
    assert plain(read(text)) == value


@given(value=trees.filter(lambda value: value is not None), flow=st.booleans())
@at_most(300)
def test_every_span_holds_the_text_of_its_scalar(value: object, flow: bool):
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)
    for scalar in scalars(read(text)):
        written = piece(text, scalar.span)
        if scalar.quoted:
            assert written[0] == written[-1] or written[0] in "|>"
        else:
            assert written.split() == scalar.text.split()


def mutations(count: int, seed: int) -> Iterator[str]:
    generator = random.Random(seed)
    pieces = [
        *string.punctuation,
        *" \n\t\r0a",
        "\n  ",
        "- ",
        ": ",
        "&x ",
        "*x",
        "!t ",
        "<<: ",
        "---\n",
        "\ufeff",
        "\x00",
        "010",
        '"\\U00110000"',
    ]
    for _ in range(count):
        text = SAMPLE
        for _ in range(generator.choice((1, 1, 2, 4))):
            at = generator.randrange(len(text) + 1)
            match generator.randrange(4):
                case 0:
                    text = text[:at] + generator.choice(pieces) + text[at:]
                case 1:
                    text = text[:at] + text[at + generator.randrange(1, 6) :]
                case 2:
                    text = text[:at] + generator.choice(pieces) + text[at + 1 :]
                case _:
                    start = generator.randrange(len(text) + 1)
                    text = text[:at] + text[start : start + 12] + text[at:]
        yield text


def outcome(text: str) -> list[tuple[str, str]]:
    """Codes and messages; anything but a `ShapecalcError` goes through."""
    try:
        read(text)
    except ShapecalcError as error:
        caught = error
    else:
        return []
    lines = LINE_BREAK.split(text)
    for span in (diagnostic.span for diagnostic in caught.diagnostics):
        if span is not None:
            assert 1 <= span.line <= span.end_line <= len(lines)
            assert 1 <= span.column <= len(lines[span.line - 1]) + 1
            assert 1 <= span.end_column <= len(lines[span.end_line - 1]) + 1
    assert "\x1b" not in render_diagnostics(caught.diagnostics, caught.source, width=60)
    return [(diagnostic.code, diagnostic.message) for diagnostic in caught.diagnostics]


@volume
def test_mutations_raise_nothing_but_diagnostics():
    count = 20_000 if NIGHTLY else 2_000
    clean = sum(not outcome(text) for text in mutations(count, seed=1))
    assert 0.1 * count < clean < 0.9 * count  # otherwise the mutations test nothing


def test_both_parsers_agree_on_what_is_a_mistake(monkeypatch: pytest.MonkeyPatch):
    different = []
    for text in mutations(600, seed=2):
        monkeypatch.setattr(yaml, "__with_libyaml__", True)
        first = outcome(text)
        monkeypatch.setattr(yaml, "__with_libyaml__", False)
        if bool(first) != bool(outcome(text)):
            different.append(text)
    assert len(different) <= 3
