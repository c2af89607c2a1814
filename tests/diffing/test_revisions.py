"""All networks of a repository that differ between two revisions: none is missed, none is invented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.diffing.revisions import NetworkStatus, diff_revisions
from tests.support.git_repositories import GitRepository

if TYPE_CHECKING:
    from pathlib import Path

NET = "input: [N, 8]\nlayers:\n  - linear: 4\n  - relu\n  - linear: {out_features: 3, bias: false}\n"
BLOCKS = "blocks:\n  body: {layers: [linear: 4, tanh]}\n"
FILES = {
    "changed.yaml": NET,
    "deleted.yaml": "inputs: {a: [N, 3, 8, 8]}\nlayers:\n  - {flatten: {}}\n  - {linear: 7, name: out}\n",
    "renamed.yaml": NET.replace("relu", "tanh"),
    "same.yaml": NET,
    "through.yaml": "input: [N, 8]\ninclude: lib/blocks.yaml\nlayers: [body]\n",
    "lib/blocks.yaml": "include: inner/more.yaml\n" + BLOCKS,
    "lib/inner/more.yaml": "blocks:\n  more: {layers: [relu]}\n",
    "compose.yaml": "services: {}\n",
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    monkeypatch.chdir(tmp_path)
    return GitRepository(tmp_path, FILES)


def test_the_four_changes_that_a_loop_over_files_misses(repository: GitRepository) -> None:
    repository.git("mv", "renamed.yaml", "moved.yaml")
    repository.git("rm", "-q", "deleted.yaml")
    repository.write(
        {
            "changed.yaml": NET.replace("linear: 4", "linear: 5"),
            "lib/blocks.yaml": FILES["lib/blocks.yaml"].replace("linear: 4", "linear: 6"),
            "added.yaml": NET,
        }
    )
    for committed in (False, True):
        if committed:
            repository.commit()
        compared = diff_revisions("HEAD~1" if committed else "HEAD", "HEAD" if committed else None)
        assert [(each.status.value, each.old_path, each.new_path, each.through) for each in compared.changes] == [
            ("added", None, "added.yaml", ()),
            ("changed", "changed.yaml", "changed.yaml", ()),
            ("deleted", "deleted.yaml", None, ()),
            ("renamed", "renamed.yaml", "moved.yaml", ()),
            ("changed", "through.yaml", "through.yaml", ("lib/blocks.yaml",)),
        ]
        assert (compared.unchanged, compared.skipped, compared.failed) == (1, 1, False)
        totals = {each.path: each.totals.params[:2] for each in compared.changes}
        new = shapecalc.inspect("changed.yaml").totals.params
        assert totals["changed.yaml"] == (8 * 4 + 4 + 4 * 3, new)
        assert totals["deleted.yaml"] == (192 * 7 + 7, 0)
        assert totals["through.yaml"] == (8 * 4 + 4, 8 * 6 + 6)


def test_a_file_that_is_no_network_any_more_is_a_result_and_not_the_end(repository: GitRepository) -> None:
    repository.write({"changed.yaml": NET.replace("relu", "rleu"), "same.yaml": NET.replace("4", "5")})
    (repository.folder / "lib/inner/more.yaml").unlink()
    compared = diff_revisions("HEAD")
    found = {each.path: each for each in compared.changes}
    assert set(found) == {"changed.yaml", "same.yaml", "through.yaml"}
    assert compared.failed
    error = found["changed.yaml"].new_error
    assert error is not None
    assert [each.code for each in error.diagnostics] == ["SC101"]
    assert found["changed.yaml"].totals.params == (8 * 4 + 4 + 4 * 3, None)
    assert found["through.yaml"].through == ("lib/inner/more.yaml",)
    assert found["through.yaml"].new_error is not None
    repository.commit("broken")
    repository.write({"changed.yaml": NET})
    compared = diff_revisions("HEAD", paths=["changed.yaml"])
    (change,) = compared.changes
    assert (change.status, change.new_error, compared.failed) == (NetworkStatus.CHANGED, None, False)
    assert change.old_error is not None
    assert change.old_error.source is not None
    assert change.old_error.source.name == "HEAD:changed.yaml"


def test_a_tree_does_not_differ_from_itself(repository: GitRepository) -> None:
    for head in ("HEAD", None):
        compared = diff_revisions("HEAD", head)
        assert compared.identical
        assert compared.unchanged == 5
    repository.write({"same.yaml": "# a comment\n" + NET})
    compared = diff_revisions("HEAD")
    assert (compared.identical, compared.without_effect) == (True, ("same.yaml",))
