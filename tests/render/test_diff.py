"""What changed, as a table within its width and as Markdown in which nothing that a file wrote is markup."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

import shapecalc
from shapecalc.diffing.diff import diff
from shapecalc.files.load import loads
from shapecalc.render.diff import MARKER, MOST_ROWS, markdown, table
from shapecalc.render.terminal.grid import display_width
from shapecalc.shape_inference.engine import inspect

HOSTILE = "@team | <b>x</b> `y` [z](http://example.org) --> | #1"


MARKDOWN = MarkdownIt("commonmark").enable("table")


def zoo_report(name: str, **options: bool) -> shapecalc.Report:
    return shapecalc.inspect(shapecalc.load(name), **options)


def hostile(width: int, output: str = "relu_1") -> shapecalc.Report:
    ends = f"outputs: {{y: relu_1, '@me|<b>`z`: #2': linear_0, '@you': {output}}}\n"
    network = f"inputs: {{x: [N, 4]}}\nlayers: [linear: {width}, relu]\n{ends}"
    return shapecalc.inspect(shapecalc.loads(f"name: {HOSTILE!r}\n{network}"))


def test_nothing_that_a_file_wrote_is_markup() -> None:
    text = markdown(diff(hostile(4), hostile(5, "linear_0")))
    tokens = [child for token in MARKDOWN.parse(text) for child in (token.children or [token])]
    plain = "".join(token.content for token in tokens if token.type == "text")
    assert "@" not in plain
    assert "#" not in plain
    assert not [token for token in tokens if token.type in ("link_open", "image")]
    assert not any("<b>" in token.content for token in tokens if token.type.startswith("html"))
    code = [token.content for token in tokens if token.type == "code_inline"]
    for name in ("@team", "@me", "@you"):
        assert any(name in content for content in code), name


def test_the_marker_is_a_comment_of_its_own_at_the_start() -> None:
    for found in (diff(hostile(4), hostile(5)), diff(hostile(4), hostile(4))):
        first = MARKDOWN.parse(markdown(found))[0]
        assert (first.type, first.content.strip()) == ("html_block", MARKER)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (hostile(4), hostile(5, "linear_0")),
        (zoo_report("unet"), zoo_report("resnet18")),
        (zoo_report("unet", symbolic=True), zoo_report("resnet18", symbolic=True)),
    ],
)
def test_every_row_of_a_table_has_as_many_cells(old, new) -> None:
    tables = [part for part in markdown(diff(old, new)).split("\n\n") if part.startswith("|")]
    assert len(tables) == 2
    for part in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in part.splitlines()}) == 1, part


def test_what_stands_below_a_list_is_no_part_of_it() -> None:
    tokens = MARKDOWN.parse(markdown(diff(zoo_report("unet"), zoo_report("unet-padded"))))
    closed = next(place for place, token in enumerate(tokens) if token.type == "bullet_list_close")
    assert tokens[closed + 2].content.startswith("costs at N = 1")


def test_a_comment_stays_below_what_github_takes_and_says_how_many_layers_it_leaves_out() -> None:
    assert len(markdown(diff(zoo_report("densenet121"), zoo_report("resnet50")))) < 65_536
    steps = "".join(f"  - {step}\n" for step in ["linear: 4", "relu"] * MOST_ROWS)
    many = shapecalc.inspect(shapecalc.loads(f"input: [N, 4]\nlayers:\n{steps}"))
    assert f"\n\n… and {MOST_ROWS} layers more\n" in markdown(diff(None, many))


def test_the_heading_names_the_files_of_the_networks_and_no_absolute_path() -> None:
    def report(name: str, file: str, width: int = 4) -> shapecalc.Report:
        return inspect(loads(f"name: {name}\ninput: [N, 4]\nlayers: [linear: {width}]\n", file))

    rows = [
        (report("net", "nets/a.yaml"), report("net", "nets/a.yaml", 5), "`net` in `nets/a.yaml`"),
        (report("one", "nets/a.yaml"), report("two", "nets/a.yaml"), "`one` → `two` in `nets/a.yaml`"),
        (report("net", "a.yaml"), report("net", "b.yaml"), "`net` in `a.yaml` → `net` in `b.yaml`"),
        (report("net", "/home/me/a.yaml"), report("net", "<text>", 5), "`net`"),
        (None, report("net", "@me `a`.yaml"), "`net` in `` @me `a`.yaml ``, new"),
    ]
    for old, new, heading in rows:
        assert markdown(diff(old, new)).splitlines()[1] == f"### shapecalc: {heading}"


def test_a_network_that_is_new_has_no_figures_before() -> None:
    lines = markdown(diff(None, inspect(loads("input: [N, 4]\nlayers: [linear: 5]\n")))).splitlines()
    assert "| params |  | 25 | +25 |" in lines


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("unicode", [False, True])
def test_tables_keep_to_the_width_of_the_terminal(width, unicode) -> None:
    for old, new in (("lenet5", "alexnet"), ("resnet18", "resnext50_32x4d"), ("unet", "unet-padded")):
        text = table(diff(zoo_report(old), zoo_report(new)), width=width, color=False, unicode=unicode)
        assert max(map(display_width, text.splitlines())) <= width
        assert unicode or text.isascii()
