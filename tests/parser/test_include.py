"""Files of blocks: which are read, which are refused, and where their layers and mistakes stand."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app
from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.files.load import load, loads
from shapecalc.shape_inference.engine import inspect

if TYPE_CHECKING:
    from pathlib import Path

NET = "include: {}\ninput: [N, 8, 32, 32]\nlayers:\n  - tanh\n  - stem: 4\n"
STEM = "blocks:\n  stem:\n    parameters: [width]\n    layers:\n      - conv: {out_channels: $width, kernel_size: 1}\n"


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "net.yaml"


def refused(path: Path) -> list[Diagnostic]:
    with pytest.raises(ShapecalcError) as caught:
        load(path)
    return list(caught.value.diagnostics)


def refusal(folder: Path, included: str) -> Diagnostic:
    (finding,) = refused(write(folder, net=NET.format(included)))
    assert finding.code == "SC115"
    assert finding.span is not None
    assert finding.span.line == 1
    return finding


@pytest.mark.parametrize(
    ("written", "folder"), [("stem.yaml", ""), ("sub/stem.yaml", "sub__"), ("[./stem.yaml]", ""), ("a b.yaml", "a b")]
)
def test_the_blocks_of_a_file_below_the_folder_are_called_like_own_ones(
    tmp_path: Path, written: str, folder: str
) -> None:
    name = folder if folder == "a b" else f"{folder}stem"
    path = write(tmp_path, net=NET.format(written), **{name: STEM})
    assert [step.path for step in load(path).layers] == ["tanh_0", "stem_1.conv_0"]


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    path = write(
        tmp_path, net=NET.format("sub/all.yaml"), sub__all="include: more/stem.yaml\nblocks: {}\n", sub__more__stem=STEM
    )
    assert len(load(path).layers) == 2


def test_a_file_that_two_include_is_read_once_and_its_blocks_do_not_collide(tmp_path: Path) -> None:
    both = "include: stem.yaml\nblocks: {{{}: {{layers: [stem: 8]}}}}\n"
    path = write(tmp_path, net=NET.format("[a.yaml, b.yaml]"), a=both.format("a"), b=both.format("b"), stem=STEM)
    architecture = load(path)
    assert architecture.file is not None
    assert [source.name for source in architecture.file.included] == [
        str(tmp_path / name) for name in ("a.yaml", "stem.yaml", "b.yaml")
    ]


def test_a_block_of_a_file_calls_blocks_of_the_file_that_includes_it(tmp_path: Path) -> None:
    text = "include: outer.yaml\ninput: [N, 8]\nblocks: {inner: {layers: [relu]}}\nlayers: [outer]\n"
    path = write(tmp_path, net=text, outer="blocks: {outer: {layers: [inner, tanh]}}\n")
    assert [step.path for step in load(path).layers] == ["outer_0.inner_0.relu_0", "outer_0.tanh_1"]


@pytest.mark.parametrize(
    "written",
    [
        *("../stem.yaml", "sub/../../stem.yaml", "sub/../stem.yaml", "/etc/passwd", "~/stem.yaml", "'..\\stem.yaml'"),
        *("'C:\\stem.yaml'", "'\\\\host\\stem.yaml'", "'file:stem.yaml'", "x" * 5000),
    ],
)
def test_a_path_that_leads_outside_or_nowhere_is_refused_and_never_opened(tmp_path: Path, written: str) -> None:
    (tmp_path / "stem.yaml").write_text(STEM)
    folder = tmp_path / "inside"
    (folder / "sub").mkdir(parents=True)
    (folder / "stem.yaml").write_text(STEM)
    assert "SC115" in refusal(folder, written).code


def test_a_link_that_leads_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "stem.yaml").write_text(STEM)
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "stem.yaml").symlink_to(tmp_path / "stem.yaml")
    (folder / "up").symlink_to(tmp_path)
    for written in ("stem.yaml", "up/stem.yaml"):
        assert "below the including file's folder" in refusal(folder, written).message


def test_a_link_that_stays_inside_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, net=NET.format("link.yaml"), real__stem=STEM)
    (tmp_path / "link.yaml").symlink_to(tmp_path / "real" / "stem.yaml")
    assert len(load(path).layers) == 2


def test_links_in_a_circle_a_pipe_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    for name in ("loop", "pipe", "folder", "missing"):
        finding = refusal(tmp_path, f"{name}.yaml")
        assert str(tmp_path.parent) not in finding.message.replace(str(tmp_path / f"{name}.yaml"), "")


def test_files_that_include_each_other_are_refused_once(tmp_path: Path) -> None:
    path = write(tmp_path, net=NET.format("a.yaml"), a="include: b.yaml\nblocks: {}\n", b=f"include: a.yaml\n{STEM}")
    (finding,) = refused(path)
    assert finding.message == "`include` goes in a circle: `a.yaml` → `b.yaml` → `a.yaml`"


def test_a_file_that_includes_itself_is_refused(tmp_path: Path) -> None:
    codes = [finding.code for finding in refused(write(tmp_path, net=NET.format("net.yaml")))]
    assert "SC115" in codes or "SC102" in codes


def test_a_text_without_a_folder_includes_nothing() -> None:
    with pytest.raises(ShapecalcError) as caught:
        loads(NET.format("stem.yaml"))
    assert [finding.code for finding in caught.value.diagnostics] == ["SC115"]


def test_standard_input_includes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, stem=STEM)
    result = CliRunner().invoke(app, ["inspect", "-"], input=NET.format("stem.yaml"))
    assert result.exit_code == 1
    assert "error[SC115]: `include` expects a file beside this one" in result.stderr


def test_more_files_than_the_limit_are_refused(tmp_path: Path) -> None:
    for number in range(65):
        (tmp_path / f"{number}.yaml").write_text(f"blocks: {{b{number}: {{layers: [relu]}}}}\n")
    names = ", ".join(f"{number}.yaml" for number in range(65))
    (finding,) = refused(write(tmp_path, net=NET.format(f"[{names}]")))
    assert (finding.code, finding.message) == ("SC017", "`include` reads at most 64 files, this is one more")


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "- relu\n", "blocks: [relu]\n", "blocks: {stem: 3}\n", "{", "a: \0"]
)
def test_a_file_without_blocks_is_one_mistake_and_what_calls_them_none(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, net=NET.format("stem.yaml"), stem=text)
    (finding,) = refused(path)
    assert finding.span is not None
    assert finding.span.file == 1 or finding.code == "SC004"


def test_a_mistake_in_a_file_shows_the_line_there_and_where_it_is_included(tmp_path: Path) -> None:
    path = write(tmp_path, net=NET.format("stem.yaml"), stem=STEM.replace("conv", "banana") + "  more: {}\n")
    found = refused(path)
    assert [(finding.code, finding.span and finding.span[4:]) for finding in found] == [
        ("SC101", (1,)),
        ("SC108", (1,)),
    ]
    assert found[1].labels[-1].text == "included here"


def test_a_layer_of_an_included_file_says_so_in_json_and_in_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, net=NET.format("sub/stem.yaml"), sub__stem=STEM)
    monkeypatch.chdir(tmp_path)
    rows = inspect(load("net.yaml")).to_dict()["layers"]
    assert [(row["line"], row.get("file")) for row in rows] == [(4, None), (5, "sub/stem.yaml")]
    assert "file" not in rows[0]
    result = CliRunner().invoke(app, ["inspect", "net.yaml", "--format", "csv", "--columns", "path,line"])
    assert result.stdout.splitlines() == ["path,line", "tanh_0,4", "stem_1.conv_0,sub/stem.yaml:5"]
    shown = CliRunner().invoke(app, ["inspect", "net.yaml", "--format", "json"])
    assert json.loads(shown.stdout)["layers"] == rows
