"""`shapecalc diff`: two files, or a file and a git revision; in three formats; held to conditions."""

from __future__ import annotations

import json
import re

import pytest
from markdown_it import MarkdownIt

from shapecalc import diff, inspect, load
from shapecalc.render.diff import comparison
from shapecalc.render.tables.text import document
from shapecalc.render.terminal.grid import Page
from tests.support.git_repositories import GitRepository

NET = """\
name: net
input: [N, 3, 8, 8]
layers:
  - conv: {out_channels: 4, kernel_size: 3}
    name: c1
  - relu
  - flatten
  - linear: 10
"""


@pytest.fixture(autouse=True)
def folder(tmp_path):
    (tmp_path / "old.yaml").write_text(NET)
    (tmp_path / "new.yaml").write_text(NET.replace("- relu", "- relu\n  - batch_norm"))
    return tmp_path


def test_the_table_shows_what_is_added_and_folds_what_is_alike(run) -> None:
    ended = run("diff", "old.yaml", "new.yaml")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == "net"
    figures = {line.split()[0]: line.split()[1:] for line in lines[3:10]}
    assert figures["params"] == ["1,562", "1,570", "+8", "(+0.5", "%)"]
    assert figures["layers"] == ["4", "5", "+1", "(+25.0", "%)"]
    start = next(number for number, line in enumerate(lines) if "path" in line)
    assert [line.split()[:2] for line in lines[start + 2 : start + 5]] == [
        ["…", "2"],
        ["+", "batch_norm_2"],
        ["…", "2"],
    ]
    assert "layers: 1 added, 4 unchanged" in lines


@pytest.mark.parametrize("format_", ["table", "markdown"])
def test_identical_networks_say_so(run, format_) -> None:
    ended = run("diff", "old.yaml", "old.yaml", "--format", format_)
    assert ended.code == 0
    assert "no change in shapes, parameters or costs (4 layers)" in ended.out.lower()


def test_the_json_is_what_the_comparison_says(run) -> None:
    found = json.loads(run("diff", "old.yaml", "new.yaml", "--format", "json").out)
    assert found["schema_version"] == 1
    assert found["totals"]["params"] == {"before": 1562, "after": 1570, "delta": 8}
    assert [(row["kind"], row["after"]["path"]) for row in found["layers"]] == [("added", "batch_norm_2")]


def test_markdown_has_a_marker_totals_and_a_fold(run) -> None:
    lines = run("diff", "old.yaml", "new.yaml", "--format", "markdown").out.splitlines()
    assert lines[:2] == ["<!-- shapecalc diff -->", "### shapecalc: `net` in `old.yaml` → `net` in `new.yaml`"]
    assert "| params | 1,562 | 1,570 | +8 (+0.5 %) |" in lines
    assert "<summary>layers: 1 added, 4 unchanged</summary>" in lines
    assert "| `+` | `batch_norm_2` | `batch_norm` | `[N, 4, 6, 6]` | +8 |  |" in lines


def test_hostile_names_are_neither_markup_nor_a_ping_nor_a_command(run, folder) -> None:
    name = "@octocat `|` <img src=x> [a](javascript:b) #1 </details> &lt; *b* x"
    hostile = NET.replace("name: net", f'name: "{name}"').replace("[N, 3, 8, 8]", "[N, 3, _a_, 8]")
    (folder / "hostile.yaml").write_text(hostile.replace("flatten", "global_avg_pool").replace("linear: 10", "relu"))
    (folder / "less.yaml").write_text(
        (folder / "hostile.yaml").read_text().replace("out_channels: 4", "out_channels: 5")
    )
    ended = run("diff", "hostile.yaml", "less.yaml", "--format", "markdown")
    assert ended.code == 0, ended
    page = MarkdownIt("commonmark").enable("table")
    tokens = page.parse(ended.out)
    inner = [child for token in tokens for child in token.children or ()]
    assert not [
        child for child in inner if child.type in ("html_inline", "link_open", "image", "em_open", "strong_open")
    ]
    assert "@octocat" not in "".join(child.content for child in inner if child.type == "text")
    blocks = [token.content.strip() for token in tokens if token.type == "html_block"]
    assert [block.splitlines()[0] for block in blocks] == ["<!-- shapecalc diff -->", "<details>", "</details>"]
    for text in (ended.out, run("diff", "hostile.yaml", "less.yaml").out):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f]", text)
        assert "_a_" in text


@pytest.mark.parametrize(
    ("conditions", "code", "said"),
    [
        (["params > +0"], 1, "error: `params > +0` is met: params 1,562 → 1,570, +8 (+0.5 %)"),
        (["params > +2%"], 0, ""),
        (["params > +2%", "layers != +0"], 1, "error: `layers != +0` is met: layers 4 → 5, +1 (+25.0 %)"),
        (["memory > 1MiB"], 0, ""),
        (["params > +2% or layers != +0"], 1, "error: `layers != +0` is met: layers 4 → 5, +1 (+25.0 %)"),
        (
            ["params > +0 and layers > 4"],
            1,
            "`params > +0 and layers > 4` is met: params 1,562 → 1,570, +8 (+0.5 %); lay",
        ),
        (["params > +0 and layers > 5"], 0, ""),
        (["params > +0 and layers"], 2, "expects METRIC SIGN NUMBER"),
        (
            ["params > 2%"],
            2,
            "`--fail-on params > 2%` compares a percentage with a total: for the change write `params > +2%`",
        ),
        (["size > 2"], 2, "has no metric `size`"),
    ],
)
def test_conditions_decide_the_exit_code(run, conditions, code, said) -> None:
    options = [word for condition in conditions for word in ("--fail-on", condition)]
    ended = run("diff", "old.yaml", "new.yaml", *options)
    assert ended.code == code
    assert said in ended.err
    assert bool(ended.err) == bool(code)


def test_a_condition_that_depends_on_symbols_names_the_options_that_settle_it(run, folder) -> None:
    free = "input: [N, 3, H, 8]\nlayers: [{conv: {out_channels: %d, kernel_size: 1}}]\n"
    (folder / "a.yaml").write_text(free % 4)
    (folder / "b.yaml").write_text(free % 5)
    ended = run("diff", "a.yaml", "b.yaml", "--fail-on", "macs > +1K")
    assert ended.code == 2
    assert ended.err == "error: `macs > +1K` depends on `H`; give it a size: --set H=…\n"
    settled = run("diff", "a.yaml", "b.yaml", "--fail-on", "macs > +1K", "--set", "H=64")
    assert (settled.code, "+1,536" in settled.err) == (1, True)


def test_a_setting_that_one_of_both_has_is_passed_over_for_the_other(run, folder) -> None:
    (folder / "wide.yaml").write_text(
        NET.replace("name: net", "parameters: {width: 10}").replace("linear: 10", "linear: $width")
    )
    ended = run("diff", "old.yaml", "wide.yaml", "--set", "width=12")
    assert ended.code == 0
    assert "out_features 10 → 12" in ended.out
    assert run("diff", "old.yaml", "wide.yaml", "--set", "wdth=12").code != 0


def test_symbols_can_be_left_free(run, folder) -> None:
    (folder / "a.yaml").write_text(
        "input: [N, 3, H, 8]\nsizes: {H: 8}\nlayers: [{conv: {out_channels: 4, kernel_size: 1}}]\n"
    )
    (folder / "b.yaml").write_text((folder / "a.yaml").read_text().replace("out_channels: 4", "out_channels: 6"))
    assert "+48·H" in run("diff", "a.yaml", "b.yaml", "--symbolic").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("old.yaml",), 2, "expects two networks, or `--base REV`"),
        (("-", "-"), 2, "receives `-` twice"),
        (("old.yaml", "nope.yaml"), 2, "`nope.yaml` does not exist"),
        (("old.yaml", "new.yaml", "--head", "HEAD"), 2, "`--head`, `--merge-base` and `--exclude` expect `--base REV`"),
        (("old.yaml", "new.yaml", "old.yaml"), 2, "expects two networks, or `--base REV`, receives 3"),
        (("lenet5", "--base", "HEAD"), 2, "expects a file that git has a history of"),
        (("old.yaml", "--base", "HEAD"), 2, "`old.yaml` is in no git repository"),
        (("old.yaml", "--base=--output=x"), 2, "`--base` expects a git revision"),
        (("old.yaml", "--base", ""), 2, "`--base` expects a git revision"),
    ],
)
def test_wrong_usage_is_said_in_a_sentence(run, words, code, said) -> None:
    ended = run("diff", *words)
    assert (ended.code, ended.out) == (code, "")
    assert said in " ".join(ended.err.split())


def test_a_broken_file_is_a_finding(run, folder) -> None:
    (folder / "bad.yaml").write_text(NET.replace("relu", "rleu"))
    ended = run("diff", "old.yaml", "bad.yaml")
    assert (ended.code, ended.out) == (1, "")
    assert "bad.yaml:6:" in ended.err


def test_standard_input_can_be_either_side(run) -> None:
    assert "1 added" in run("diff", "old.yaml", "-", stdin=NET.replace("- relu", "- relu\n  - gelu")).out


def test_a_table_too_wide_for_the_terminal_leaves_the_shapes_out() -> None:
    found = diff(inspect(load("resnet18")), inspect(load("resnet50")))
    narrow, wide = (document(comparison(found), Page(width, color=False, unicode=True)) for width in (80, None))
    assert max(map(len, narrow.splitlines())) <= 80
    headings = [next(line.split() for line in text.splitlines() if "path" in line) for text in (narrow, wide)]
    assert headings == [["path", "layer", "params", "MACs"], ["path", "layer", "output", "params", "MACs"]]


def test_colours_and_ascii_are_as_asked(run) -> None:
    painted = run("diff", "old.yaml", "new.yaml", "--color", "always").out
    assert "\x1b[1;32m+\x1b[0m" in painted
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == run("diff", "old.yaml", "new.yaml").out
    plain = run("diff", "new.yaml", "old.yaml", env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})
    assert plain.bytes.isascii()
    assert "-8 (-0.5 %)" in plain.out
    assert "... 2 unchanged" in plain.out


def test_conditions_apply_to_each_network_of_a_repository(run, tmp_path) -> None:
    gone = "inputs: {a: [N, 2]}\nlayers: [gelu]\n"
    made = GitRepository(tmp_path, {"changed.yaml": NET, "broken.yaml": NET, "gone.yaml": gone})
    made.write({"was-broken.yaml": NET.replace("relu", "rleu")})
    made.commit()
    wide = NET.replace("linear: 10", "linear: 20")
    made.write({"changed.yaml": wide, "added.yaml": wide, "was-broken.yaml": wide})
    (made.folder / "gone.yaml").unlink()
    for condition, failing in (
        ("params > +2%", ["changed.yaml"]),
        ("params > +2% or layers >= 1", ["added.yaml", "changed.yaml", "was-broken.yaml"]),
        ("params > +1", ["added.yaml", "changed.yaml"]),
        ("params < +1M", ["added.yaml", "changed.yaml"]),
        ("layers >= 1", ["added.yaml", "changed.yaml", "was-broken.yaml"]),
        ("params > 1M", []),
    ):
        ended = run("diff", "--base", "HEAD", "--fail-on", condition)
        named = re.findall(r"(?m)^error: (\S+): `.*` is met: \w+ .* → ", ended.err)
        assert (named, ended.code) == (failing, int(bool(failing))), ended.err
    made.write({"broken.yaml": NET.replace("relu", "rleu"), ".shapecalc.toml": 'fail-on = ["params > +2%"]\n'})
    ended = run("diff", "--base", "HEAD", "--fail-on", "layers >= 1")
    assert ended.code == 1
    assert "broken.yaml: `" not in ended.err.replace("was-broken.yaml", "")
    assert "changed.yaml: `params > +2%` is met" in ended.err


def test_a_setting_that_no_network_that_differs_has_is_noted(run, tmp_path) -> None:
    made = GitRepository(tmp_path, {"net.yaml": "input: [N, T, 4]\nlayers: [linear: 5]\n", "old.yaml": NET})
    settings = ("--set", "T=3", "--set", "TT=3", "--batch", "2")
    assert "note" not in run("diff", "--base", "HEAD", *settings).err
    made.write({"net.yaml": "input: [N, T, 4]\nlayers: [linear: 6]\n"})
    assert run("diff", "--base", "HEAD", *settings).err == "note: `--set TT` applies to no network that differs\n"
    made.write({"net.yaml": "input: [3, 4]\nlayers: [linear: 6]\n"})
    assert "note: `--set T`" not in run("diff", "--base", "HEAD", *settings).err, "it had one"
    made.commit()
    made.write({"net.yaml": "input: [3, 4]\nlayers: [linear: 7]\n"})
    assert "note: `--batch 2` applies to no network that differs\n" in run("diff", "--base", "HEAD", *settings).err
    (made.folder / "old.yaml").unlink()
    assert "note" not in run("diff", "--base", "HEAD", *settings).err, "it may have been of this network"
