"""Where a repository is, and which commits revisions name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diffing.git.repository import repository_of
from tests.support.git_repositories import GitRepository

if TYPE_CHECKING:
    from pathlib import Path


def test_a_path_is_relative_to_the_root_and_one_outside_is_refused(tmp_path: Path) -> None:
    made = GitRepository(tmp_path / "a", {"nets/net.yaml": "input: [N]\n"})
    (tmp_path / "link").symlink_to(made.folder / "nets")
    repository = repository_of(made.folder / "nets", "nets")
    assert repository.root == made.folder.resolve()
    for path in (made.folder / "nets/net.yaml", tmp_path / "link/net.yaml", made.folder / "nets/gone/../net.yaml"):
        assert repository.relative(str(path)) == "nets/net.yaml"
    assert repository.relative(str(made.folder)) == "."
    with pytest.raises(ShapecalcError, match="is not in the repository"):
        repository.relative(str(tmp_path / "b.yaml"))


def test_a_branch_that_only_the_remote_has_is_named_as_git_does(tmp_path: Path) -> None:
    made = GitRepository(tmp_path / "a", {"net.yaml": "input: [N]\n"})
    made.git("update-ref", "refs/remotes/origin/trunk", "HEAD")
    with pytest.raises(ShapecalcError, match="write `origin/trunk`") as caught:
        repository_of(made.folder, "a").commit("trunk")
    assert caught.value.exit_code == 2


def test_a_shallow_clone_says_what_to_fetch(tmp_path: Path) -> None:
    made = GitRepository(tmp_path / "a", {"net.yaml": "input: [N]\n"})
    made.commit("second")
    made.git("clone", "-q", "--depth", "1", f"file://{made.folder}", str(tmp_path / "b"))
    repository = repository_of(tmp_path / "b", "b")
    assert repository.shallow
    for ask in (
        lambda: repository.commit("HEAD~1"),
        lambda: repository.merge_base("HEAD", made.git("rev-parse", "HEAD~1")),
    ):
        with pytest.raises(ShapecalcError, match="fetch-depth: 0"):
            ask()
