"""What changed, as a table within its width and as Markdown in which nothing that a file wrote is markup."""

from __future__ import annotations

import csv
import re
from itertools import pairwise

import pytest
from markdown_it import MarkdownIt

import shapecalc
from shapecalc.diffing.diff import diff
from shapecalc.files import zoo
from shapecalc.files.load import loads
from shapecalc.render.diff import MARKER, MOST_ROWS, comparison, listing, markdown
from shapecalc.render.tables.csv import table as csv_table
from shapecalc.render.tables.text import document
from shapecalc.render.terminal.grid import Page, display_width
from shapecalc.shape_inference.engine import inspect
from tests.render.test_eighty_columns import check_document

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
        text = document(comparison(diff(zoo_report(old), zoo_report(new))), Page(width, color=False, unicode=unicode))
        assert max(map(display_width, text.splitlines())) <= width
        assert unicode or text.isascii()


def test_the_figures_of_a_sheet_add_up_to_the_change_of_the_totals() -> None:
    for old, new in (("resnet18", "resnet34"), ("vgg11", "vgg13"), ("gpt2-small", "bert-base")):
        found = diff(zoo_report(old), zoo_report(new))
        rows = list(csv.DictReader(csv_table(listing(found)).splitlines()))
        assert len(rows) == sum(row.kind.value != "same" for row in found.rows)
        for metric in ("params", "macs"):
            change = sum(int(row[f"{metric}_after"]) - int(row[f"{metric}_before"]) for row in rows)
            assert change == getattr(found.totals, metric).delta, (old, new, metric)


def test_a_changed_layer_is_one_line_with_its_change() -> None:
    found = diff(zoo_report("resnet50"), zoo_report("wide_resnet50_2"))
    text = document(comparison(found), Page(80, color=False, unicode=True))
    rows = [line for line in text.splitlines() if line.startswith("~")]
    assert len(rows) == sum(row.kind.value == "changed" for row in found.rows)
    assert rows[0] == "~  ….add_0.main.residual_0.conv_0    out_channels 64 → 128      +4,096  +12.8 M"


def test_every_row_between_neighbours_of_the_zoo_is_one_line() -> None:
    for old, new in pairwise(map(zoo_report, zoo.names())):
        for width in (80, 100):
            check_document(comparison(diff(old, new)), width)
