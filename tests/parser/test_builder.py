"""From events to a tree: keys, anchors and aliases, the spans of collections, and every budget."""

from __future__ import annotations

import pytest

from shapecalc.diagnostics import Source, Span
from shapecalc.parser.reader import read_tree
from tests.support.reading import both_parsers, found, piece, plain, read, refused
from tests.support.rows import for_each


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


@both_parsers
def test_an_alias_as_key_is_refused():
    assert found("a: &x b\n*x : 1\n") == [("SC023", "*x")]


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
def test_keys_are_texts_whatever_they_look_like():
    keys = [key for key, _ in read("010: 1\nno: 2\ntrue: 3\n'x\"': 4\n").entries]
    assert [(key.value, key.text) for key in keys] == [(k, k) for k in ("010", "no", "true", 'x"')]


@both_parsers
def test_a_merge_sign_in_quotes_is_a_key_like_others():
    assert plain(read("'<<': 1\n")) == {"<<": 1}


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


@for_each(
    "text, tag",
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
