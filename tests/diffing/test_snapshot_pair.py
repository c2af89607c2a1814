"""Files that differ from a revision: by their own text, or by that of a file that they include."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.diagnostics import ShapecalcError
from shapecalc.diffing.snapshot_pair import changed_files
from tests.support.git_repositories import GitRepository

if TYPE_CHECKING:
    from pathlib import Path

NET = "input: [N, 8]\nlayers: [linear: 4]\n"
FILES = {
    "nets/same.yaml": NET,
    "nets/own.yaml": NET,
    "nets/through.yaml": "input: [N, 8]\ninclude: lib/a.yaml\nlayers: [body]\n",
    "nets/lib/a.yaml": "include: b.yaml\nblocks: {body: {layers: [inner]}}\n",
    "nets/lib/b.yaml": "blocks: {inner: {layers: [linear: 4]}}\n",
    "nets/lib/c.yaml": "blocks: {other: {layers: [linear: 4]}}\n",
}


def test_a_file_differs_by_its_text_or_through_what_it_includes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = GitRepository(tmp_path, FILES)
    monkeypatch.chdir(tmp_path / "nets")
    files = [path.removeprefix("nets/") for path in FILES]
    assert changed_files(files, "HEAD") == ()
    made.write({"nets/own.yaml": NET.replace("4", "5"), "nets/lib/b.yaml": FILES["nets/lib/b.yaml"].replace("4", "5")})
    made.write({"nets/new.yaml": NET})
    changed = ("own.yaml", "through.yaml", "lib/a.yaml", "lib/b.yaml", "new.yaml", "lenet5")
    assert changed_files([*files, "new.yaml", "lenet5"], "HEAD") == changed
    made.commit()
    assert changed_files([*files, "new.yaml"], "HEAD~1") == changed[:-1]
    assert changed_files([*files, "new.yaml"], "HEAD") == ()


def test_a_file_that_git_does_not_list_is_not_taken_for_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = GitRepository(tmp_path / "a", {"shared/net.yaml": NET, ".gitignore": "ignored.yaml\n"})
    GitRepository(made.folder / "submodule", {"inner.yaml": NET})
    (tmp_path / "outside.yaml").write_text(NET)
    for link, target in {"link.yaml": "shared/net.yaml", "out.yaml": "../outside.yaml", "lost.yaml": "gone"}.items():
        (made.folder / link).symlink_to(target)
    made.git("add", "*.yaml", ".gitignore")
    made.commit("with links")
    made.write({"ignored.yaml": NET})
    monkeypatch.chdir(made.folder)
    not_listed = ("link.yaml", "out.yaml", "lost.yaml", "ignored.yaml", "submodule/inner.yaml")
    assert changed_files([*not_listed, "shared/net.yaml"], "HEAD") == not_listed


def test_all_files_are_checked_if_the_configuration_or_the_lock_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = GitRepository(tmp_path / "a", {**FILES, ".shapecalc.toml": 'paths = ["nets"]\n'})
    monkeypatch.chdir(made.folder / "nets")
    shapecalc.lock("same.yaml", "own.yaml", file="../lock.json")
    made.commit()

    def checked(*, config: bool | str | None = None, lock: str | None = None) -> int:
        return len(shapecalc.check("same.yaml", "own.yaml", config=config, lock=lock, changed_since="HEAD"))

    (tmp_path / "other.toml").write_text("")
    assert [checked(config=True, lock="../lock.json"), checked(config="../../other.toml")] == [0, 2]
    made.write({"lock.json": (made.folder / "lock.json").read_text("utf-8") + "\n"})
    assert [checked(), checked(config=True), checked(lock="../lock.json")] == [0, 0, 2]
    made.commit()
    made.write({".shapecalc.toml": "[budgets]\nmax-params = 1\n"})
    assert [checked(), checked(config=True), checked(lock="../lock.json")] == [0, 2, 0]


def test_a_file_of_another_repository_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    GitRepository(tmp_path / "a", FILES)
    (tmp_path / "other.yaml").write_text(NET)
    monkeypatch.chdir(tmp_path / "a")
    with pytest.raises(ShapecalcError, match="is in no git repository"):
        changed_files(["../other.yaml"], "HEAD")
    with pytest.raises(ShapecalcError, match="is not in the repository"):
        changed_files(["nets/own.yaml", "../other.yaml"], "HEAD")
