"""Files, folders and patterns become files: all of them, once each, in an order that does not depend on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc.diagnostics import ShapecalcError
from shapecalc.files.discovery import display_path, expand_paths

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
    assert list(expand_paths(paths)) == files


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
    assert list(expand_paths(["."], exclude)) == files


def test_a_path_below_the_current_folder_is_shown_from_there_and_another_as_it_is(tree: Path) -> None:
    assert display_path(str(tree / "nets" / "z.yaml")) == "nets/z.yaml"
    assert display_path("../elsewhere/a.yaml") == "../elsewhere/a.yaml"
    assert display_path("/somewhere//else/a.yaml") == "/somewhere/else/a.yaml"


@pytest.mark.parametrize("path", ["empty", "*.nothing"])
def test_a_folder_or_pattern_without_a_file_is_refused(tree: Path, path: str) -> None:
    (tree / "empty").mkdir()
    with pytest.raises(ShapecalcError) as caught:
        expand_paths([path])
    assert caught.value.exit_code == 2
    assert [(found.code, found.span) for found in caught.value.diagnostics] == [("SC001", None)]


def test_a_name_that_no_file_can_have_is_left_to_reading() -> None:
    assert list(expand_paths(["a" * 5_000, "nul\0l"])) == ["a" * 5_000, "nul\0l"]
