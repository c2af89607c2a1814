from __future__ import annotations

import random
import string
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, strategies as st

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source, Span
from shapecalc.parser.characters import forbidden
from shapecalc.parser.positions import LINE_BREAK
from shapecalc.parser.reader import (
    Limits,
    Node,
    Scalar,
    Sequence,
    parser_name,
    read_text,
    read_tree,
)
from shapecalc.parser.scalars import resolve
from shapecalc.render.check.text import render_diagnostics
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


both_parsers = pytest.mark.usefixtures("parser")


def read(text: str, **limits: int) -> Node:
    return read_text(Source("net.yaml", text), Limits(**limits))


def refused(text: str, **limits: int) -> tuple[Diagnostic, ...]:
    with pytest.raises(ShapecalcError) as caught:
        read(text, **limits)
    assert caught.value.exit_code == 1
    assert caught.value.source == Source("net.yaml", text)
    return caught.value.diagnostics


def found(text: str, **limits: int) -> list[tuple[str, Any]]:
    """Codes with the text that each points to."""
    return [(d.code, piece(text, d.span) if d.span else None) for d in refused(text, **limits)]


def piece(text: str, span: Span) -> str:
    starts = [0, *(b.end() for b in LINE_BREAK.finditer(text))]
    return text[starts[span.line - 1] + span.column - 1 : starts[span.end_line - 1] + span.end_column - 1]


def plain(node: Node) -> Any:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key.value: plain(value) for key, value in node.entries}


def scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from scalars(item)
    else:
        for key, value in node.entries:
            yield key
            yield from scalars(value)


# -- what is read -----------------------------------------------------------------------------------------------------


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
def test_a_block_ends_with_its_last_value_and_not_at_the_next_key():
    text = "layers:\n  - a: 1\n  - b: 2\n\n# a comment\nname: x\n"
    assert piece(text, read(text).get("layers").span) == "- a: 1\n  - b: 2"


@both_parsers
def test_brackets_belong_to_their_list():
    text = "a: [1, {b: 2}]\n"
    assert piece(text, read(text).get("a").span) == "[1, {b: 2}]"
    assert piece(text, read(text).get("a").items[1].span) == "{b: 2}"


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


@both_parsers
def test_keys_are_texts_whatever_they_look_like():
    keys = [key for key, _ in read("010: 1\nno: 2\ntrue: 3\n'x\"': 4\n").entries]
    assert [(key.value, key.text) for key in keys] == [(k, k) for k in ("010", "no", "true", 'x"')]


def test_an_absent_key_is_none():
    assert read("a: 1\n").get("b") is None


@both_parsers
def test_a_merge_sign_in_quotes_is_a_key_like_others():
    assert plain(read("'<<': 1\n")) == {"<<": 1}


@both_parsers
def test_tabs_are_taken_in_quotes_block_texts_and_comments():
    assert plain(read("a: 'x\ty' # \tz\nb: |\n  x\ty\n#\t\n")) == {"a": "x\ty", "b": "x\ty\n"}


def test_the_parser_in_use_has_a_name(parser: str):
    assert parser_name().startswith(parser.split(maxsplit=1)[0])


# -- anchors and aliases ----------------------------------------------------------------------------------------------


@both_parsers
def test_an_alias_is_the_very_node_of_its_anchor():
    node = read("a: &x [1, 2]\nb: *x\nc: &y 7\nd: *y\n")
    assert node.get("b") is node.get("a")
    assert node.get("d") is node.get("c")


@pytest.mark.parametrize("value", ["&x 7", "&x   7", "&x\n  7", "&x # why\n  7", "&x '7'"])
@both_parsers
def test_an_anchor_is_not_part_of_its_value(value: str):
    text = f"a: {value}\nb: 1\n"
    assert piece(text, read(text).get("a").span) == ("'7'" if "'" in value else "7")
    assert read(text).get("a").text == "7"


@both_parsers
def test_an_anchor_on_nothing_names_null():
    assert plain(read("a: &x\nb: *x\n")) == {"a": None, "b": None}


@both_parsers
def test_a_block_that_ends_with_an_alias_does_not_end_at_its_anchor():
    span = read("a: &x 1\nb:\n  - *x\n").get("b").span
    assert (span.line, span.column) == (3, 3)
    assert (span.end_line, span.end_column) > (3, 3)


@both_parsers
def test_an_anchor_can_be_given_again():
    assert plain(read("a: &x 1\nb: *x\nc: &x 2\nd: *x\n")) == {"a": 1, "b": 1, "c": 2, "d": 2}


@both_parsers
def test_an_alias_inside_its_own_anchor_is_refused():
    assert found("a: &x [1, *x]\n") == [("SC015", "*x")]
    assert found("a: &x {k: *x}\n") == [("SC015", "*x")]
    (diagnostic,) = refused("a: &x 1\nb: &x [*x]\n")
    assert diagnostic.message == "`*x` stands inside the value that it names"


@both_parsers
def test_an_alias_to_nothing_is_refused():
    (diagnostic,) = refused("a: *later\nb: &later 1\n")
    assert (diagnostic.code, diagnostic.message) == ("SC015", "`*later` names no anchor before it")
    assert diagnostic.span == Span(1, 4, 1, 10)


@both_parsers
def test_an_alias_costs_all_that_it_stands_for():
    text = "a: &x [1, 2]\nb: [*x, *x]\n"
    assert plain(read(text, nodes=13)) == {"a": [1, 2], "b": [[1, 2], [1, 2]]}
    assert found(text, nodes=12) == [("SC012", "*x")]


@both_parsers
def test_aliases_nest_as_deep_as_what_they_stand_for():
    text = "a: &x [[1]]\nb: [*x]\n"
    read(text, depth=4)
    assert found(text, depth=3) == [("SC011", "*x")]


@both_parsers
def test_aliases_are_counted():
    assert found("a: &x 1\nb: [*x, *x, *x]\n", aliases=2) == [("SC012", "*x")]


@both_parsers
def test_an_alias_bomb_is_refused_where_it_exceeds_the_budget():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    assert found("\n".join(lines) + "\n") == [("SC012", "*a3")]


@both_parsers
def test_a_chain_of_aliases_cannot_build_what_is_too_deep_to_walk():
    lines = ["a0: &a0 [x]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 200))]
    assert found("\n".join(lines) + "\n") == [("SC011", "*a62")]


# -- limits -----------------------------------------------------------------------------------------------------------


def test_a_text_longer_than_a_file_may_be_is_refused():
    assert found("a: 1\n", file_size=4) == [("SC010", None)]
    assert plain(read("a: 1\n", file_size=5)) == {"a": 1}


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
@both_parsers
def test_nesting_ends_at_the_limit(opening: str):
    (diagnostic,) = refused(opening * 100)
    assert (diagnostic.code, diagnostic.message) == ("SC011", "lists and mappings nest deeper than 64")
    assert diagnostic.span.column == 64 * len(opening) + 1


@both_parsers
def test_nesting_up_to_the_limit_is_read():
    assert plain(read("[" * 64 + "]" * 64)) is not None


def test_a_million_brackets_are_refused():
    assert found("[" * 1_000_000)[0][0] == "SC011"


@both_parsers
def test_nodes_end_at_the_limit():
    assert plain(read("[a, b, c]", nodes=4)) == ["a", "b", "c"]
    assert found("[a, b, c]", nodes=3) == [("SC012", "c")]
    assert found("[a, b, []]", nodes=3) == [("SC012", "[")]


@both_parsers
def test_a_scalar_ends_at_the_limit():
    assert plain(read("a: xxxx\n", scalar_length=4)) == {"a": "xxxx"}
    assert [code for code, _ in found("a: xxxxx\nyyyyy: 1\n", scalar_length=4)] == ["SC013", "SC013"]


@both_parsers
def test_a_merge_bomb_is_refused_at_its_first_merge_key():
    lines = ["a0: &a0 {k: 1}", *(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}" for i in range(1, 9))]
    assert found("\n".join(lines))[0] == ("SC022", "<<")


@both_parsers
def test_fifty_mistakes_are_enough():
    assert len(refused("".join(f"k{i}: 010\n" for i in range(1_000)))) == 50


# -- what is refused --------------------------------------------------------------------------------------------------


@both_parsers
def test_independent_mistakes_come_in_one_run_in_the_order_of_the_text():
    text = "a: 010\nb: !!int 3\na: 2\nc: .nan\n<<: {x: 1}\nd: *none\n? [k]\n: 1\n"
    assert found(text) == [
        ("SC024", "010"),
        ("SC021", "!!int"),
        ("SC020", "a"),
        ("SC025", ".nan"),
        ("SC022", "<<"),
        ("SC015", "*none"),
        ("SC023", "[k]"),
    ]


@both_parsers
def test_a_key_given_twice_shows_both_places():
    (diagnostic,) = refused("name: a\ninput: b\n'name': c\n")
    assert (diagnostic.code, diagnostic.message) == ("SC020", "`name` is given twice")
    assert diagnostic.span == Span(3, 1, 3, 7)
    assert diagnostic.labels[0].span == Span(1, 1, 1, 5)


@both_parsers
def test_after_a_mistake_the_likeliest_tree_is_handed_over():
    node, findings = read_tree(Source("net.yaml", "a: 010\na: 5\nb: !x [1]\n<<: {}\n? {}\n: 1\n*q : 1\nc: *q\n"))
    assert plain(node) == {"a": 10, "b": [1], "c": None}
    assert [d.code for d in findings] == ["SC024", "SC020", "SC021", "SC022", "SC023", "SC023", "SC015"]


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("a: !!python/object/apply:os.system ['x']\n", "!!python/object/apply:os.system"),
        ("a: !x y\n", "!x"),
        ("a: ! y\n", "!"),
        ("a: &n !x y\n", "!x"),
        ("a: !x &n y\n", "!x"),
        ("a: [!x , 1]\n", "!x"),
        ("!x\na: 1\n", "!x"),
        ("!<tag:yaml.org,2002:str> a\n", "!<tag:yaml.org"),
    ],
)
@both_parsers
def test_every_tag_is_refused(text: str, tag: str):
    assert found(text) == [("SC021", tag)]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "---\n...\n"])
@both_parsers
def test_an_empty_file_is_refused(text: str):
    assert found(text) == [("SC004", None)]


@both_parsers
def test_a_second_document_is_refused_where_it_starts():
    assert found("a: 1\n---\nb: 2\n") == [("SC004", "---")]


@pytest.mark.parametrize("text", ["? [a, b]\n: 1\n", "? {a: 1}\n: 1\n", "{[a]: 1}\n"])
@both_parsers
def test_a_collection_as_key_is_refused(text: str):
    assert [code for code, _ in found(text)] == ["SC023"]


@both_parsers
def test_an_alias_as_key_is_refused():
    assert found("a: &x b\n*x : 1\n") == [("SC023", "*x")]


@both_parsers
def test_a_missing_key_is_refused():
    assert found("?\n: 1\n") == [("SC023", "")]


@both_parsers
def test_a_key_glued_to_its_value_in_braces_is_told_apart():
    (diagnostic,) = refused("a: {kernel_size:3, stride: 1}\n")
    assert diagnostic.message == "`kernel_size:3` has no space after its colon"
    assert diagnostic.fix.replacement == "kernel_size: 3"
    assert diagnostic.fix.safe


@both_parsers
@pytest.mark.parametrize("text", ["a:b: ''\n", "a:b: null\n", "{a:b: ''}\n", "'a:b':\n"])
def test_a_key_with_a_colon_in_it_and_a_value_is_a_key(text: str):
    assert plain(read(text)) in ({"a:b": ""}, {"a:b": None})


@pytest.mark.parametrize(
    ("character", "kind"),
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


@pytest.mark.parametrize(
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


# -- properties -------------------------------------------------------------------------------------------------------

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
