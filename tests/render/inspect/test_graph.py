"""A graph of nodes and clusters, in both languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from shapecalc.files import zoo
from shapecalc.files.load import load, loads
from shapecalc.render.families import COLORS
from shapecalc.render.inspect import dot, mermaid
from shapecalc.render.inspect.lines import lines_of
from shapecalc.render.terminal.escaping import terminal
from shapecalc.render.terminal.numbers import rounded
from shapecalc.shape_inference.engine import inspect
from tests.support.graphs_read import RESIDUAL, Read, dot_text, mermaid_text, read_dot, read_mermaid

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.shape_inference.rows import Sums

SEVERAL = """\
inputs: {words: {shape: [B, T], dtype: int64}, x: [B, T, 7]}
outputs: {scores: head, states: rnn.h_n}
blocks:
  skip:
    inputs: [a, b]
    parameters: [width]
    layers:
      - {linear: $width, from: a, name: first}
      - {add: , from: [first, b]}
      - inner: 3
  inner: {parameters: [width], layers: [{linear: $width}, {linear: 7}]}
layers:
  - {embedding: {num_embeddings: 11, embedding_dim: 7}, from: words, name: words_in}
  - {linear: 7, from: x}
  - {skip: 7, from: [words_in, linear_1]}
  - {skip: 7, from: [words_in, linear_1], share: skip_2}
  - {linear: 7, repeat: 2}
  - {lstm: {hidden_size: 7, batch_first: true}, name: rnn}
  - {linear: 7, share: linear_1}
  - {linear: 2, name: head}
"""


NESTED = """\
input: [N, 5, 8, 8]
layers:
  - add:
      main: [relu, {concat: {left: [relu], right: [tanh]}}, {conv: {out_channels: 5, kernel_size: 1}, name: join}]
      shortcut: []
    repeat: 2
    name: twice
  - add: {main: [tanh], aside: [relu]}
"""


HOSTILE = [
    *(
        'a"b',
        "a\nb",
        "[x](y)",
        "[x]: y",
        "--> n0",
        "</script><b>x</b>",
        "😀 x",
        "\u202eabc",
        "end",
        "%% c",
        "%%{init}%%",
    ),
    *("#quot; #35;", "`code`", "**b** _i_ __b__ a_b", "1. one", "1) one", "- one", "= x", "a:::b", "style x:#abc;y"),
    *(
        "http://x.y www.x.com a@b.c",
        "fa:fa-car",
        "$$x$$",
        "ﬂ°°35¶ß",
        "back\\",
        "\\N \\l",
        "&amp; &#65;",
        "{a|b}",
        "    four",
    ),
    *("a: b", "é × ⌊H/2⌋", "\x1b[31m", "<br/>", "---", "subgraph", "", "\ud800", "]", '"]', "|"),
]


def drawn(text: str, depth: int | None = None, *, expand: bool = False) -> Read:
    report = inspect(loads(text))
    read = read_mermaid(mermaid.inspection(report, depth, expand=expand))
    assert read == read_dot(dot.inspection(report, depth, expand=expand)), "both languages draw one graph"
    for start, end, _ in read.edges:
        assert {start, end} <= read.nodes.keys()
    return read


def labels(read: Read) -> list[str]:
    return list(read.nodes.values())


def numbers(sums: Sums) -> str:
    counts = {"params": sums.params, "MACs": sums.macs}
    return " · ".join(f"{rounded(count)} {name}" for name, count in counts.items() if count != 0)


def arrows(read: Read) -> set[tuple[str, str, str]]:
    return {(read.nodes[start], label, read.nodes[end]) for start, end, label in read.edges}


def test_an_expanded_repeat_is_a_cluster_for_each_run() -> None:
    read = drawn(RESIDUAL, expand=True)
    around = {names[0] for names in read.within.values() if names}
    assert around == {"basic 5", "rest.0: basic 5", "rest.1: basic 5", "rest.2: basic 5"}
    assert len(read.nodes) == 1 + 1 + 4 * 4 + 1


def test_runs_of_a_repeat_follow_each_other() -> None:
    read = drawn("input: [N, 3]\nlayers: [{linear: 3, repeat: 2}, relu]\n", expand=True)
    assert [read.nodes[end] for _, end, _ in read.edges] == [
        "linear_0.0: linear 3",
        "linear_0.1: linear 3",
        "relu",
        "output",
    ]
    assert [start for start, _, _ in read.edges] == ["n0", "n1", "n2", "n3"]


def test_depth_1_is_a_node_for_each_row_of_the_table() -> None:
    read = drawn(NESTED, 1)
    assert labels(read) == ["input", "twice: 2 × add", "add_1: add (main, aside) (3 layers)", "output"]
    assert len(read.edges) == 3, "a value that several folded layers read enters once"


def test_depth_2_folds_branches() -> None:
    read = drawn(NESTED, 2)
    assert labels(read)[2:5] == ["add_1.main: tanh", "add_1.aside: relu", "add (main, aside)"]


def test_branches_stand_in_clusters_that_nest() -> None:
    read = drawn(NESTED, expand=True)
    found = {(around, read.nodes[name]) for name, around in read.within.items()}
    assert (("twice.0: add", "main", "left"), "relu") in found
    assert (("twice.1: add", "main", "right"), "tanh") in found
    assert (("twice.1: add", "main"), "concat (left, right)") in found
    assert (("twice.1: add", "main"), "join: conv 5 kernel_size=1") in found
    assert (("twice.1: add",), "add (main, shortcut)") in found
    assert (("aside",), "relu") in found


def test_blocks_nest() -> None:
    read = drawn(SEVERAL)
    around = [names for name, names in read.within.items() if read.nodes[name] == "linear 3"]
    assert around == [("skip_2: skip 7", "inner 3"), ("skip 7, weights of skip_2", "inner 3")]


def test_a_block_reads_each_of_its_inputs() -> None:
    found = arrows(drawn(SEVERAL))
    assert ("words_in: embedding 11 embedding_dim=7", "[B, T, 7]", "first: linear 7") in found
    assert any(start == "linear_1: linear 7" and end.startswith("add") for start, _, end in found)


def test_a_further_output_is_named_on_its_edge() -> None:
    found = arrows(drawn(SEVERAL))
    assert ("rnn: lstm 7 batch_first=true", "h_n [1, B, 7]", "states") in found
    assert ("head: linear 2", "[B, T, 2]", "scores") in found


def test_whose_weights_are_used_is_said_and_the_owner_is_named() -> None:
    names = labels(drawn(SEVERAL))
    assert "linear 7, weights of linear_1" in names
    assert "linear_1: linear 7" in names


def test_an_input_of_whole_numbers_says_so() -> None:
    assert labels(drawn(SEVERAL))[:2] == ["words: int64", "x"]


def test_a_layer_that_reads_one_value_twice_has_two_edges() -> None:
    read = drawn("input: [N, 3]\nlayers: [{linear: 5, name: a}, {add: , from: [a, a]}]\n")
    assert read.edges.count(("n1", "n2", "[N, 5]")) == 2


def test_a_repeat_of_any_length_is_one_node() -> None:
    text = "input: [N, 3]\nlayers:\n  - linear: 3\n    repeat: {}\n"
    few, many = (mermaid.inspection(inspect(loads(text.replace("{}", str(times))))) for times in (2, 9000))
    numbers = (("2 × ", "9000 × "), ("24\xa0params", "108,000\xa0params"), ("18\xa0MACs", "81,000\xa0MACs"))
    for one, other in numbers:
        assert one in few
        few = few.replace(one, other)
    assert many == few


@pytest.mark.parametrize("name", zoo.names())
def test_the_zoo_has_a_node_for_each_row_and_every_id_once(name: str) -> None:
    report = inspect(load(name))
    ends = len(report.inputs) + len(report.outputs)
    for depth, expand in ((None, False), (None, True), (1, False), (2, True)):
        read = read_mermaid(mermaid.inspection(report, depth, expand=expand))
        assert read == read_dot(dot.inspection(report, depth, expand=expand))
        rows = [line for line in lines_of(report, depth, expand=expand) if line.heading is None]
        assert len(read.nodes) == len(rows) + ends
        boxes = list(read.nodes)[len(report.inputs) :][: len(rows)]
        assert [read.counts.get(name, "") for name in boxes] == [numbers(line.sums) for line in rows]
        reached = {name for start, end, _ in read.edges for name in (start, end)}
        assert reached == read.nodes.keys()


def test_the_nodes_of_a_layer_have_the_class_and_the_fill_of_its_family() -> None:
    text = """\
input: [N, 3, 8, 8]
blocks: {both: {layers: [relu, {conv: {out_channels: 3, kernel_size: 1}}]}}
layers:
  - {conv: {out_channels: 3, kernel_size: 1}, name: a}
  - {conv: {out_channels: 3, kernel_size: 1}, name: b, repeat: 2}
  - {both: , name: c, repeat: 2}
  - {max_pool: 2, name: d}
"""
    read = drawn(text)
    families = {label.partition(":")[0]: read.fills.get(name, ("", ""))[0] for name, label in read.nodes.items()}
    assert families == {"input": "", "a": "conv", "b": "conv", "c": "", "d": "pooling", "output": ""}
    assert set(read.fills.values()) == {(name, COLORS[name].fill) for name in ("conv", "pooling")}


def test_the_params_of_a_block_that_uses_the_weights_of_another_are_not_shown_again() -> None:
    read = drawn(SEVERAL)
    shared = {name for name, around in read.within.items() if "skip 7, weights of skip_2" in around}
    assert not any("params" in read.counts.get(name, "") for name in shared)
    assert any("params" in text for text in read.counts.values())


def test_floors_stand_on_the_edges_of_a_symbolic_graph() -> None:
    chart = mermaid.inspection(inspect(load("vgg11"), symbolic=True))
    assert "[N, 64, ⌊H/2⌋, ⌊W/2⌋]" in {label for _, _, label in read_mermaid(chart).edges}


@pytest.mark.parametrize("language", [mermaid, dot])
def test_ascii_shows_the_same(language) -> None:
    report = inspect(load("vgg11"), symbolic=True)
    read = read_mermaid if language is mermaid else read_dot
    plain = language.inspection(report, unicode=False)
    assert plain.isascii()
    assert read(plain) == read(language.inspection(report))


def _check_mermaid(text: str, *, unicode: bool) -> None:
    label = mermaid.quoted(text, unicode=unicode)
    inside = label[1:-1]
    assert (label[0], label[-1]) == ('"', '"')
    assert mermaid_text(inside) == terminal(text)
    raw = re.sub(r"#\d+;", "", inside)
    assert not set(raw) & set('"#`<>|&%$@;\\*{}~^\n\rﬂ¶')
    # What Mermaid and Markdown read in plain text: styles, lists, rules, links, emphasis.
    assert not re.search(r":\S|\]\(|\]:|^[-+= ]|^\d+[.)]|(?i:www)\.", inside)
    assert not re.search(r"(?<![^\W_])_|_(?![^\W_])", inside)


def _check_dot(text: str, *, unicode: bool) -> None:
    label = dot.quoted(text, unicode=unicode)
    assert re.fullmatch(r'"(?:[^"\\\n\r]|\\["\\])*"', label)
    shown = terminal(text)
    if not unicode:
        assert label.isascii()
        shown = re.sub("[^\0-\uffff]", lambda found: rf"\u{{{ord(found[0]):x}}}", shown)
    assert dot_text(label[1:-1]) == shown


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("check", [_check_mermaid, _check_dot])
@pytest.mark.parametrize("text", HOSTILE)
def test_no_label_breaks_out_of_its_quotes(text: str, check: Callable[..., None], unicode: bool) -> None:
    check(text, unicode=unicode)


@given(st.text(), st.booleans())
def test_every_label_can_be_read_back(text: str, unicode: bool) -> None:
    _check_mermaid(text, unicode=unicode)
    _check_dot(text, unicode=unicode)
