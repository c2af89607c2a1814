"""Clones that lack a part, work trees, hooks, submodules: what is there is compared, what is missing is named."""

from __future__ import annotations

import os
import shlex
import shutil
from typing import TYPE_CHECKING

import pytest

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diffing.git.objects import MissingObjectError, ObjectReader
from shapecalc.diffing.revisions import diff_revisions
from tests.support.git_repositories import Difference, GitRepository, differences

if TYPE_CHECKING:
    from pathlib import Path

NET = "input: [N, 8]\nlayers:\n  - linear: 7\n  - relu\n  - linear: 5\n"
WIDER = NET.replace("7", "11")
CHANGED = [Difference("changed", "nets/a.yaml", "nets/a.yaml")]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    """A repository of two commits, in which one of three networks differs."""
    made = GitRepository(tmp_path / "origin", {"nets/a.yaml": NET + "# first\n", "nets/b.yaml": NET, "c.yaml": NET})
    made.write({"nets/a.yaml": WIDER})
    made.commit("second")
    monkeypatch.chdir(made.folder)
    return made


def clone(repository: GitRepository, *options: str) -> GitRepository:
    folder = repository.folder.parent / "clone"
    repository.git("clone", "-q", *options, f"file://{repository.folder}", str(folder))
    os.chdir(folder)  # the fixture undoes it
    copy = object.__new__(GitRepository)
    copy.folder = folder
    return copy


def refused(base: str, head: str | None = None, *paths: str, **options: bool) -> str:
    with pytest.raises(ShapecalcError) as caught:
        diff_revisions(base, head, paths, **options)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_revisions_are_whatever_git_takes_for_a_commit(repository: GitRepository) -> None:
    repository.git("tag", "light", "HEAD~1")
    repository.git("tag", "-a", "heavy", "-m", "annotated", "HEAD~1")
    first = repository.git("rev-parse", "HEAD~1")
    for name in ("HEAD~1", "HEAD^", "main~1", "main@{1}", "light", "heavy", first, first[:9], "@~"):
        compared = diff_revisions(name)
        assert (compared.base, differences(compared)) == (name, CHANGED), name
    repository.git("switch", "-q", "--detach", "heavy")
    assert differences(diff_revisions("main")) == CHANGED
    assert differences(diff_revisions("HEAD")) == []
    repository.git("branch", "folder/with-ä")
    assert differences(diff_revisions("folder/with-ä", "main")) == CHANGED
    blob = repository.git("rev-parse", "HEAD:c.yaml")
    for name in ("HEAD^{tree}", blob, "0" * 40, "main..HEAD", "a\0b", "", "-x", "--help", "HEAD:c.yaml", "main\nHEAD"):
        assert "revision" in refused(name), name
    assert "`--base A --head B --merge-base`" in refused("main...HEAD")


def test_a_repository_without_a_commit_says_so(repository: GitRepository, tmp_path: Path) -> None:
    empty = GitRepository(tmp_path / "empty")
    empty.write({"a.yaml": NET})
    os.chdir(empty.folder)
    assert "the repository has no commit" in refused("HEAD")
    os.chdir(repository.folder.parent)
    assert "`.` is in no git repository" in refused("HEAD")


def test_a_shallow_clone_compares_what_it_has_and_says_what_to_fetch(repository: GitRepository) -> None:
    first = repository.git("rev-parse", "HEAD~1")
    copy = clone(repository, "--depth", "1")
    assert differences(diff_revisions("HEAD")) == []
    for said in (refused("HEAD~1"), refused(first), refused("nope")):
        assert "shallow" in said
        assert "git fetch" in said
    copy.git("fetch", "-q", "--depth", "1", "origin", first)
    assert differences(diff_revisions(first)) == CHANGED, "two commits without what is between them"
    assert "shallow" in refused(first, merge_base=True)
    copy.git("fetch", "-q", "--unshallow")
    assert differences(diff_revisions(first, merge_base=True)) == CHANGED


def test_what_a_shallow_clone_of_one_branch_says_to_fetch_has_the_other_branches(repository: GitRepository) -> None:
    repository.git("branch", "base", "HEAD~1")
    copy = clone(repository, "--depth", "1")
    command = refused("origin/base").split("`")[3]
    copy.git(*shlex.split(command)[1:])
    assert differences(diff_revisions("origin/base", merge_base=True)) == CHANGED


def test_a_partial_clone_fetches_what_it_compares(repository: GitRepository) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    blob = repository.git("rev-parse", "HEAD~1:nets/a.yaml")
    copy = clone(repository, "--filter=blob:none")
    assert differences(diff_revisions("HEAD~1")) == CHANGED
    assert differences(diff_revisions("HEAD~1", "HEAD")) == CHANGED
    shutil.rmtree(copy.folder)
    clone(repository, "--filter=blob:none")
    shutil.rmtree(repository.folder)  # as without a network
    assert differences(diff_revisions("HEAD")) == []
    for said in (refused("HEAD~1"), refused("HEAD~1", "HEAD")):
        assert "git has no object" in said
        assert "fetch" in said
    with ObjectReader(copy.folder) as objects:
        for _ in range(2):  # git ends at the first one
            with pytest.raises(MissingObjectError):
                objects.read(blob, 10)


def test_a_damaged_repository_ends_the_comparison(repository: GitRepository) -> None:
    blob = repository.git("rev-parse", "HEAD~1:nets/a.yaml")
    (repository.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert f"git has no object {blob}" in refused("HEAD~1")
    assert differences(diff_revisions("HEAD")) == []
    including = "input: [N, 8]\ninclude: lib/b.txt\nlayers: [body]\n"
    repository.write({"net.yaml": including, "lib/b.txt": "blocks: {body: {layers: [linear: 4]}}\n"})
    repository.commit()
    blob = repository.git("rev-parse", "HEAD:lib/b.txt")
    (repository.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    repository.write({"net.yaml": including + "# more\n"})
    assert f"git has no object {blob}" in refused("HEAD"), "of what a network included"


def test_linked_work_trees_and_bare_repositories(repository: GitRepository, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    repository.git("worktree", "add", "-q", str(linked), "HEAD~1")
    os.chdir(linked)
    assert differences(diff_revisions("main")) == CHANGED
    assert differences(diff_revisions("HEAD")) == []
    (linked / "c.yaml").write_text(WIDER)
    assert [each.path for each in diff_revisions("HEAD").changes] == ["c.yaml"]
    bare = clone(repository, "--bare").folder
    assert "a bare repository has no work tree" in refused("HEAD~1")
    (bare / "refs").mkdir(exist_ok=True)
    for folder, paths in ((bare, ()), (bare, ("nets",)), (bare / "refs", ()), (tmp_path, (str(bare / "nets/a.yaml"),))):
        os.chdir(folder)
        assert differences(diff_revisions("HEAD~1", "HEAD", paths)) == CHANGED, (folder, paths)
    os.chdir(bare)
    assert "`refs` has no YAML file" in refused("HEAD~1", "HEAD", "refs"), "a folder of git, not of the revision"


def test_a_comparison_in_a_hook_or_below_odd_variables_is_the_same(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"):
        monkeypatch.setenv(name, "/nowhere")
    for name in ("GIT_GLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_TRACE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    for folder in (repository.folder, repository.folder / "nets"):
        monkeypatch.chdir(folder)
        assert differences(diff_revisions("HEAD~1")) == CHANGED
        for path in ("nets", "nets/a.yaml"):
            assert differences(diff_revisions("HEAD~1", "HEAD", [str(repository.folder / path)])) == CHANGED
    monkeypatch.chdir(repository.folder / ".git")
    assert "must be run in a work tree" in refused("HEAD")


def test_submodules_are_not_entered(repository: GitRepository, tmp_path: Path) -> None:
    other = GitRepository(tmp_path / "other", {"inner.yaml": NET})
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other.folder), "sub.yaml")
    repository.commit("with a submodule")
    (repository.folder / "sub.yaml/inner.yaml").write_text(WIDER)
    GitRepository(repository.folder / "nested", {"inner.yaml": NET})
    assert differences(diff_revisions("HEAD~1")) == []
    assert differences(diff_revisions("HEAD~1", "HEAD")) == []
    assert [each.path for each in diff_revisions("HEAD", None, ["sub.yaml"]).changes] == ["inner.yaml"], "its own"
    assert "`sub.yaml/inner.yaml` has no YAML file" in refused("HEAD", None, "c.yaml", "sub.yaml/inner.yaml")
    os.chdir(repository.folder / "sub.yaml")
    assert [each.path for each in diff_revisions("HEAD").changes] == ["inner.yaml"]


def test_an_unmerged_index_and_what_is_staged_do_not_matter(repository: GitRepository) -> None:
    repository.write({"c.yaml": WIDER})
    repository.git("add", "c.yaml")
    (repository.folder / "c.yaml").unlink()
    repository.write({"new.yaml": NET.replace("8", "3"), ".gitignore": "ignored.yaml\n", "ignored.yaml": NET})
    assert [each[:3] for each in differences(diff_revisions("HEAD"))] == [("renamed", "c.yaml", "new.yaml")]
    repository.git("reset", "-q", "--hard")
    repository.git("switch", "-qc", "topic", "HEAD~1")
    repository.write({"nets/a.yaml": NET.replace("7", "13")})
    repository.commit()
    repository.git("merge", "-q", "main", check=False)
    assert "<<<<<<<" in (repository.folder / "nets/a.yaml").read_text()
    (found,) = differences(diff_revisions("main", None, ["nets"]))
    assert (found.new, found.codes[0]) == ("nets/a.yaml", "")
    assert found.codes[1]


def test_a_sparse_checkout_is_compared_as_if_it_were_whole(repository: GitRepository) -> None:
    repository.write({"sub/net.yaml": "input: [N, 8]\ninclude: lib/b.txt\nlayers: [body]\n"})
    repository.write({"sub/lib/b.txt": "blocks: {body: {layers: [linear: 4]}}\n", "top/d.yaml": NET})
    repository.commit()
    repository.git("sparse-checkout", "set", "top")
    assert not (repository.folder / "sub").exists()
    assert not (repository.folder / "nets").exists()
    repository.write({"top/d.yaml": WIDER})
    assert [each.path for each in diff_revisions("HEAD").changes] == ["top/d.yaml"]
    assert [each.path for each in diff_revisions("HEAD~2").changes] == ["nets/a.yaml", "sub/net.yaml", "top/d.yaml"]
    assert not any(each.new_error for each in diff_revisions("HEAD~2").changes)


def test_the_ids_of_a_repository_may_be_of_sha256(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = GitRepository(tmp_path, {"nets/a.yaml": NET, "b.yaml": NET}, "--object-format=sha256")
    monkeypatch.chdir(tmp_path)
    compared = diff_revisions("HEAD")
    assert (compared.changes, compared.unchanged) == ((), 2)
    made.write({"nets/a.yaml": WIDER})
    assert differences(diff_revisions("HEAD")) == CHANGED


def test_a_folder_of_another_owner_is_refused_with_what_to_write(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    said = refused("HEAD~1")
    assert "dubious ownership" in said
    assert f"git config --global --add safe.directory {repository.folder}" in said


def test_a_file_that_cannot_be_read_is_a_result(repository: GitRepository) -> None:
    (repository.folder / "c.yaml").unlink()
    os.mkfifo(repository.folder / "c.yaml")  # reading it would block
    assert [each[:3] for each in differences(diff_revisions("HEAD"))] == [("deleted", "c.yaml", None)]
    if os.geteuid():
        (repository.folder / "nets/b.yaml").chmod(0)
        (_, found) = differences(diff_revisions("HEAD"))
        assert (found.new, found.codes) == ("nets/b.yaml", ("", "SC001"))
