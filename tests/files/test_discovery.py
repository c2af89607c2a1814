"""Files, folders and patterns become files: all of them, once each, in an order that does not depend on the disk."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from shapecalc.diagnostics import ShapecalcError
from shapecalc.files.discovery import discover, display_path
from shapecalc.parser.files import read_source

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.yaml", "a.yml", "notes.md", ".hidden.yaml", "nets/z.yaml", "nets/deep/y.yaml", ".git/x.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("layers: [relu]\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("paths", "files"),
    [
        (["."], ["a.yml", "b.yaml", "nets/z.yaml", "nets/deep/y.yaml"]),
        (["nets"], ["nets/z.yaml", "nets/deep/y.yaml"]),
        (["nets/"], ["nets/z.yaml", "nets/deep/y.yaml"]),
        (["*.yaml"], ["b.yaml"]),
        (["**/*.yaml"], ["b.yaml", "nets/deep/y.yaml", "nets/z.yaml"]),
        (["./b.yaml", "b.yaml", "nets/../b.yaml"], ["b.yaml"]),
        (["notes.md"], ["notes.md"]),  # what is named is read, whatever its name
        ([".hidden.yaml"], [".hidden.yaml"]),
        (["-", "b.yaml"], ["-", "b.yaml"]),
        (["lenet5", "missing.yaml"], ["lenet5", "missing.yaml"]),
    ],
)
def test_what_is_named_is_found(paths: list[str], files: list[str]) -> None:
    assert list(discover(paths).files) == files


@pytest.mark.parametrize(
    ("exclude", "files"),
    [
        (["nets"], ["a.yml", "b.yaml"]),
        (["deep"], ["a.yml", "b.yaml", "nets/z.yaml"]),
        (["*.yml"], ["b.yaml", "nets/z.yaml", "nets/deep/y.yaml"]),
        (["nets/z.yaml", "b.yaml"], ["a.yml", "nets/deep/y.yaml"]),
    ],
)
@pytest.mark.usefixtures("tree")
def test_what_is_excluded_is_left_out_wherever_it_lies(exclude: list[str], files: list[str]) -> None:
    assert list(discover(["."], exclude).files) == files


@pytest.mark.usefixtures("tree")
def test_a_folder_that_cannot_be_listed_is_among_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("nets"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert discover(["."]).files == ("a.yml", "b.yaml", "nets")
    assert discover(["nets"]).files == ("nets",)
    with pytest.raises(ShapecalcError) as caught:
        read_source("nets")
    assert caught.value.diagnostics[0].message == "`nets` cannot be read: permission denied"
    assert caught.value.exit_code == 2


def test_names_may_be_odd_and_links_to_folders_are_not_followed(tree: Path) -> None:
    (tree / "x.yaml").mkdir()
    (tree / "x.yaml" / "in\nside.yaml").write_text("layers: [relu]\n")
    (tree / "link").symlink_to(tree, target_is_directory=True)
    (tree / "gone.yaml").symlink_to(tree / "nothing")
    found = discover(["."]).files
    assert found == ("a.yml", "b.yaml", "gone.yaml", "nets/z.yaml", "nets/deep/y.yaml", "x.yaml/in\nside.yaml")


def test_a_pattern_follows_no_link_to_a_folder_except_one_that_it_names(tree: Path) -> None:
    (tree / "nets" / "link").symlink_to(tree / "nets" / "deep", target_is_directory=True)
    (tree / "nets" / "deep" / "file.yaml").symlink_to(tree / "b.yaml")
    rows = {
        "**/y.yaml": ("nets/deep/y.yaml",),
        "nets/*/y.yaml": ("nets/deep/y.yaml",),
        "./*/link/y.yaml": (),
        f"{tree}/nets/**": ("nets/deep/file.yaml", "nets/deep/y.yaml", "nets/z.yaml"),
        "nets/link/*.yaml": ("nets/link/file.yaml", "nets/link/y.yaml"),
    }
    for pattern, files in rows.items():
        if files:
            assert discover([pattern]).files == files, pattern
        else:
            with pytest.raises(ShapecalcError, match="has no file that it matches"):
                discover([pattern])


def test_a_path_below_the_current_folder_is_shown_from_there_and_another_as_it_is(tree: Path) -> None:
    assert display_path(str(tree / "nets" / "z.yaml")) == "nets/z.yaml"
    assert display_path("../elsewhere/a.yaml") == "../elsewhere/a.yaml"
    assert display_path(f"../../{tree.parent.name}/elsewhere/a.yaml") == "../elsewhere/a.yaml"
    assert display_path("/somewhere//else/a.yaml") == "/somewhere/else/a.yaml"


@pytest.mark.parametrize("path", ["empty", "*.nothing"])
def test_a_folder_or_pattern_without_a_file_is_refused(tree: Path, path: str) -> None:
    (tree / "empty").mkdir()
    with pytest.raises(ShapecalcError) as caught:
        discover([path])
    assert caught.value.exit_code == 2
    assert [(found.code, found.span) for found in caught.value.diagnostics] == [("SC001", None)]


def test_a_name_that_no_file_can_have_is_left_to_reading() -> None:
    assert list(discover(["a" * 5_000, "nul\0l"]).files) == ["a" * 5_000, "nul\0l"]


OTHERS = {
    "compose.yaml": "services:\n  web: {image: nginx}\n",
    "action.yml": "name: check\ninputs:\n  paths: {description: files}\nruns: {using: composite}\n",
    "yolo.yaml": "nc: 80\nbackbone:\n  - [-1, 1, Conv, [64, 3, 2]]\nhead: []\n",
    "gitlab.yaml": "include:\n  - local: a.yml\nstages: [test]\n",
    "chart/values.yaml": "{{- if .layers }}\na: 1\n{{- end }}\n",
    "empty.yaml": "# nothing yet\n",
}
NETWORKS = {
    "net.yaml": "input: [N, 3]\nlayers: [relu]\n",
    "no-layers.yaml": "input: [N, 3]\nlayer: [relu]\n",
    "two.yaml": "inputs: {a: [N, 3], b: {shape: [N, 3], dtype: int64}}\n",
    "flow.yaml": "{input: [N, 3], layers: [relu]}\n",
    "broken.yaml": "layers: [relu\n",
    "broken-flow.yaml": "{layers: [relu\n",
    "library.yaml": "blocks:\n  a: {layers: [relu]}\n",
    "of-files.yaml": "include: library.yaml\n",
    "any.shapecalc.yaml": "nothing: of a network\n",
}


def test_of_a_folder_other_yaml_files_are_passed_over_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chart").mkdir()
    for name, text in {**OTHERS, **NETWORKS}.items():
        (tmp_path / name).write_text(text)
    for paths in (["."], ["**/*.y*ml"]):
        found = discover(paths)
        assert (set(found.files), set(found.skipped)) == (set(NETWORKS), set(OTHERS)), paths
    assert discover(["yolo.yaml", "."]).files[0] == "yolo.yaml"  # what is named is checked, also if its folder is too
    assert "yolo.yaml" not in discover([".", "yolo.yaml"]).skipped
    with pytest.raises(ShapecalcError, match="no network below it: 1 file of other keys"):
        discover(["chart"])
