"""`shapecalc inspect --graph`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("word", "first", "edge"),
    [
        ("mermaid", "flowchart TB", '  n0 -->|"[N, 1, 32, 32]"| n1'),
        ("dot", "digraph {", '  n0 -> n1 [label="[N, 1, 32, 32]"]'),
    ],
)
def test_a_graph_is_all_that_is_printed(run, word: str, first: str, edge: str) -> None:
    ended = run("inspect", "lenet5", "--graph", word)
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == first
    assert edge in lines


@pytest.mark.parametrize("word", ["mermaid", "dot"])
@pytest.mark.parametrize(
    ("option", "value"), [("--format", "table"), ("--format", "json"), ("--columns", "path"), ("--columns", "nothing")]
)
def test_a_graph_has_neither_format_nor_columns(run, word: str, option: str, value: str) -> None:
    ended = run("inspect", "lenet5", "--graph", word, option, value)
    assert (ended.code, ended.out) == (2, "")
    assert f"`--graph` and `{option}` exclude each other" in ended.err


def test_another_word_is_wrong_usage(run) -> None:
    ended = run("inspect", "lenet5", "--graph", "svg")
    assert (ended.code, ended.out) == (2, "")
    assert "`--graph` expects mermaid or dot, receives `svg`" in ended.err


def test_set_symbolic_depth_and_expand_change_the_graph(run) -> None:
    shown = {
        options: run("inspect", "resnet50", "--graph", "dot", *options).out
        for options in ((), ("--set", "N=2"), ("--symbolic",), ("--depth", "1"), ("--expand",))
    }
    assert "[2, 3, 224, 224]" in shown["--set", "N=2"]
    assert "[N, 3, H, W]" in shown[("--symbolic",)]
    assert shown["--depth", "1"].count("->") < shown[()].count("->") < shown[("--expand",)].count("->")


def test_an_unmet_expectation_still_ends_in_1(run, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text("input: [N, 8]\nlayers: [relu]\nexpect: {params: 1}\n", encoding="utf-8")
    ended = run("inspect", "net.yaml", "--graph", "mermaid")
    assert ended.code == 1
    assert "SC501" in ended.err
    assert ended.out.startswith("flowchart TB\n")


@pytest.mark.parametrize(("word", "floor"), [("mermaid", "#8970;H/2#8971;"), ("dot", "&#8970;H/2&#8971;")])
def test_an_ascii_pipe_gets_ascii_that_shows_the_same(run, word: str, floor: str) -> None:
    ascii_only = run(
        "inspect", "vgg11", "--symbolic", "--graph", word, env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    )
    assert ascii_only.out.isascii()
    assert floor in ascii_only.out
    assert "\\u" not in ascii_only.out


def test_a_chart_that_mermaid_refuses_is_noted_beside_it(run, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text("input: [N, 8]\nlayers:\n  - {relu: , repeat: 600}\n", encoding="utf-8")
    ended = run("inspect", "net.yaml", "--graph", "mermaid", "--expand")
    assert ended.code == 0
    assert (
        ended.err
        == "note: the graph has 601 edges, Mermaid draws 500 unless it is set up for more; `--depth` folds it\n"
    )
    assert run("inspect", "net.yaml", "--graph", "mermaid").err == ""
