"""Every kind of edit of the networks of a repository is reported as what it is, and mirrored back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.diffing.revisions import CompareOptions, diff_revisions
from shapecalc.files.settings import Settings
from tests.support.git_repositories import Difference, GitRepository, differences, edited

if TYPE_CHECKING:
    from pathlib import Path


def net(width: int = 5, **keys: str) -> str:
    """Return a network of some lines, so that an edit of one leaves it similar."""
    head = "".join(f"{key}: {value}\n" for key, value in keys.items())
    return f"{head}input: [N, 8]\nlayers:\n  - linear: 7\n  - relu\n  - linear: {width}\n  - tanh\n  - linear: 3\n"


def including(name: str) -> str:
    return f"input: [N, 8]\ninclude: {name}\nlayers: [body]\n"


def blocks(width: int = 5, **keys: str) -> str:
    head = "".join(f"{key}: {value}\n" for key, value in keys.items())
    return f"{head}blocks:\n  body: {{layers: [linear: {width}, relu]}}\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    monkeypatch.chdir(tmp_path)
    return GitRepository(tmp_path)


def start(repository: GitRepository, files: dict[str, str | bytes]) -> None:
    repository.write(files)
    repository.commit("start")


def changed(*paths: str, through: tuple[str, ...] = ()) -> list[Difference]:
    return [Difference("changed", path, path, through) for path in paths]


def renamed(old: str, new: str) -> Difference:
    return Difference("renamed", old, new)


def test_networks_that_move(repository: GitRepository) -> None:
    other = "inputs: {a: [N, 3, 8, 8]}\nlayers:\n  - flatten\n  - {linear: 11, name: out}\n"
    start(repository, {"a.yaml": net(), "b.yaml": other, "deep/c.yaml": net(11)})
    repository.git("mv", "a.yaml", "A.yaml")
    assert edited(repository) == [renamed("a.yaml", "A.yaml")], "only the case"
    (repository.folder / "far/away").mkdir(parents=True)
    repository.git("mv", "deep/c.yaml", "far/away/d.yml")
    repository.write({"far/away/d.yml": net(13)})
    assert edited(repository) == [renamed("deep/c.yaml", "far/away/d.yml")], "edited, to another folder and ending"
    repository.write({"A.yaml": other, "b.yaml": net()})
    assert edited(repository) == changed("A.yaml", "b.yaml"), "swapped: git has no rename of a path that is still there"
    repository.git("mv", "A.yaml", "e.yaml")
    repository.write({"A.yaml": net(17)})
    assert edited(repository) == [*changed("A.yaml"), Difference("added", None, "e.yaml")], "its old path has another"
    repository.git("mv", "A.yaml", "f.yaml")
    repository.git("mv", "b.yaml", "A.yaml")
    assert edited(repository) == [*changed("A.yaml"), renamed("b.yaml", "f.yaml")], "moved up in a row"


def test_a_renamed_network_without_another_difference_is_reported_with_equal_totals(repository: GitRepository) -> None:
    start(repository, {"a.yaml": net()})
    repository.git("mv", "a.yaml", "b.yaml")
    (change,) = diff_revisions("HEAD").changes
    assert change.comparison is not None
    assert change.comparison.identical
    assert change.totals.params.delta == 0
    assert change.largest is None


def test_networks_that_come_and_go(repository: GitRepository) -> None:
    start(repository, {"a.yaml": net(), "b/c.yaml": net(11), "other.txt": "x"})
    repository.git("rm", "-q", "a.yaml")
    assert edited(repository) == [Difference("deleted", "a.yaml", None)]
    repository.git("rm", "-rq", "b")
    repository.write({"d.yaml": "input: [N, 3, 4, 4]\nlayers: [flatten, softmax]\n"})
    assert edited(repository) == [Difference("deleted", "b/c.yaml", None), Difference("added", None, "d.yaml")]
    (repository.folder / "d.yaml").unlink()
    repository.write({"d.yaml/inner.yaml": net(), "other.txt": "", "b": "a file now"})
    assert edited(repository) == [Difference("deleted", "d.yaml", None), Difference("added", None, "d.yaml/inner.yaml")]
    repository.git("rm", "-rq", "d.yaml")
    repository.write({"d.yaml": "input: [N, 3, 4, 4]\nlayers: [flatten, softmax]\n"})
    assert edited(repository) == [Difference("added", None, "d.yaml"), Difference("deleted", "d.yaml/inner.yaml", None)]


def test_networks_that_differ_through_what_they_include(repository: GitRepository) -> None:
    start(
        repository,
        {
            "one.yaml": including("lib/a.yaml"),
            "two.yaml": "# a comment\n" + including("[lib/a.yaml, lib/inner/c.txt]"),
            "three.yaml": including("lib/b.yaml"),
            "four.yaml": net(),
            "lib/own.yaml": including("b.yaml"),
            "lib/a.yaml": "include: inner/c.txt\n" + blocks(),
            "lib/b.yaml": blocks(11),
            "lib/inner/c.txt": "blocks:\n  tail: {layers: [relu]}\n",
        },
    )
    repository.write({"lib/a.yaml": "include: inner/c.txt\n" + blocks(6)})
    assert edited(repository) == changed("one.yaml", "two.yaml", through=("lib/a.yaml",)), "directly, by two networks"
    repository.write({"lib/b.yaml": blocks(13)})
    assert edited(repository) == changed("lib/own.yaml", "three.yaml", through=("lib/b.yaml",)), "of two folders"
    repository.write({"lib/a.yaml": "include: inner/c.txt\n" + blocks().replace("relu", "relu, tail")})
    edited(repository)
    repository.write({"lib/inner/c.txt": "blocks:\n  tail: {layers: [{linear: 2}]}\n"})
    assert edited(repository) == changed("one.yaml", "two.yaml", through=("lib/inner/c.txt",)), "nested, without ending"
    repository.write({"lib/inner/c.txt": "# a comment\nblocks:\n  tail: {layers: [{linear: 2}]}\n"})
    assert edited(repository) == [], "a comment"
    assert diff_revisions("HEAD~1").without_effect == ("one.yaml", "two.yaml")
    repository.write({"lib/a.yaml": "include: inner/c.txt\n" + blocks(6), "one.yaml": including("lib/b.yaml")})
    assert edited(repository) == [*changed("one.yaml"), *changed("two.yaml", through=("lib/a.yaml",))], "another list"
    repository.write({"lib/a.yaml": blocks(5), "two.yaml": including("lib/a.yaml")})
    edited(repository)
    repository.write({"lib/a.yaml": "include: inner/c.txt\n" + blocks(6)})
    repository.write({"lib/inner/c.txt": "blocks:\n  tail: {layers: [tanh]}\n"})
    both = ("lib/a.yaml", "lib/inner/c.txt")
    assert edited(repository) == changed("two.yaml", through=both), "what only one side includes"


def test_included_files_that_come_and_go(repository: GitRepository) -> None:
    start(repository, {"a.yaml": including("lib/a.yaml"), "b.yaml": including("lib/b.yaml"), "lib/a.yaml": blocks()})
    missing = ("", "SC115")
    repository.write({"lib/b.yaml": blocks(11)})
    assert edited(repository) == [Difference("changed", "b.yaml", "b.yaml", ("lib/b.yaml",), ("SC115", ""))], "added"
    repository.git("mv", "lib/a.yaml", "lib/c.yaml")
    assert edited(repository) == [Difference("changed", "a.yaml", "a.yaml", ("lib/a.yaml",), missing)], "renamed"
    repository.write({"a.yaml": including("lib/c.yaml")})
    assert edited(repository) == [Difference("changed", "a.yaml", "a.yaml", (), ("SC115", ""))]
    repository.git("rm", "-q", "lib/b.yaml")
    assert edited(repository) == [Difference("changed", "b.yaml", "b.yaml", ("lib/b.yaml",), missing)], "deleted"
    repository.git("rm", "-q", "b.yaml")
    edited(repository)
    repository.git("mv", "lib/c.yaml", "lib/d.yaml")
    repository.write({"a.yaml": including("lib/d.yaml")})
    assert edited(repository) == [], "renamed with the line that includes it"


def test_a_mistake_in_what_a_network_includes_is_named_by_the_included_file(repository: GitRepository) -> None:
    start(repository, {"a.yaml": including("lib/a.yaml"), "lib/a.yaml": blocks()})
    repository.write({"lib/a.yaml": blocks().replace("relu", "rleu")})
    (change,) = diff_revisions("HEAD").changes
    assert change.new_error is not None
    assert change.new_error.source is not None
    assert [each.name for each in change.new_error.source.included] == ["lib/a.yaml"]


def test_a_file_that_becomes_another_kind_of_file_and_back(repository: GitRepository) -> None:
    start(repository, {"a.yaml": net(), "b.yaml": net(11)})
    repository.write({"a.yaml": blocks()})
    assert edited(repository) == [Difference("deleted", "a.yaml", None)], "to a file of blocks"
    repository.write({"a.yaml": net()})
    assert edited(repository) == [Difference("added", None, "a.yaml")], "and back"
    repository.write({"a.yaml": net().replace("layers:", "layers: [")})
    assert edited(repository) == [Difference("changed", "a.yaml", "a.yaml", (), ("", "SC003"))], "no YAML any more"
    repository.write({"a.yaml": net()})
    assert edited(repository) == [Difference("changed", "a.yaml", "a.yaml", (), ("SC003", ""))], "and back"
    repository.write({"a.yaml": net().replace("relu", "rleu")})
    assert edited(repository) == [Difference("changed", "a.yaml", "a.yaml", (), ("", "SC101"))]
    repository.write({"a.yaml": net().replace("relu", "rlue")})
    assert edited(repository) == [Difference("changed", "a.yaml", "a.yaml", (), ("SC101", "SC101"))]
    # A network that lost its keys may be a mistake, so that this is none that was deleted; what came is no mistake.
    repository.write({"b.yaml": net(11).replace("layers", "layer").replace("input", "imput")})
    found = edited(repository, mirrored=False)
    assert found[0][:4] == ("changed", "b.yaml", "b.yaml", ())
    assert found[0].codes[1]
    repository.write({"b.yaml": net(11)})
    assert edited(repository, mirrored=False) == [Difference("added", None, "b.yaml")]


def test_the_totals_are_those_of_inspect_on_each_side(repository: GitRepository) -> None:
    start(repository, {"a.yaml": net(), "b.yaml": including("lib.yaml"), "lib.yaml": blocks(), "c.yaml": net(7)})
    before = {name: shapecalc.inspect(name).totals for name in ("a.yaml", "b.yaml", "c.yaml")}
    repository.git("rm", "-q", "c.yaml")
    repository.write({"a.yaml": net(11), "lib.yaml": blocks(13), "d.yaml": "input: [N, 4]\nlayers: [linear: 2]\n"})
    for change in diff_revisions("HEAD").changes:
        old = before[change.old_path] if change.old_path else None
        new = shapecalc.inspect(change.new_path).totals if change.new_path else None
        for name in ("params", "buffers", "macs", "flops"):
            was, now = getattr(change.totals, name)
            assert (was, now) == (getattr(old, name, 0), getattr(new, name, 0)), (change.path, name)


def test_a_setting_that_is_wrong_for_every_network_is_refused_once(repository: GitRepository) -> None:
    start(repository, {"a.yaml": net(), "b.yaml": net(7)})
    repository.write({"a.yaml": net(11), "b.yaml": net(13)})
    change = diff_revisions("HEAD", options=CompareOptions(lambda _: Settings({"N": 4, "other": 1}))).changes[0]
    assert change.totals.macs.before == 4 * (8 * 7 + 7 * 5 + 5 * 3)
    with pytest.raises(shapecalc.ShapecalcError, match="`N` expects an integer") as caught:
        diff_revisions("HEAD", options=CompareOptions(lambda _: Settings({"N": "four"})))
    assert caught.value.exit_code == 2


def test_a_merge_base_leaves_out_what_the_other_branch_did_since(repository: GitRepository) -> None:
    start(repository, {"a.yaml": net(), "b.yaml": net(11)})
    repository.git("switch", "-qc", "topic")
    repository.write({"a.yaml": net(13)})
    repository.commit()
    repository.git("switch", "-q", "main")
    repository.write({"b.yaml": net(17), "c.yaml": net(19)})
    repository.commit()
    both = diff_revisions("main", "topic")
    assert differences(both) == [*changed("a.yaml", "b.yaml"), Difference("deleted", "c.yaml", None)]
    from_ancestor = diff_revisions("main", "topic", merge_base=True)
    assert differences(from_ancestor) == changed("a.yaml")
    assert (from_ancestor.base, from_ancestor.merge_base) == ("main", repository.git("rev-parse", "topic~1"))
    assert (both.merge_base, diff_revisions("topic~1", "topic", merge_base=True).merge_base) == ("", "")
    repository.git("switch", "-q", "topic")
    assert differences(diff_revisions("main", merge_base=True)) == changed("a.yaml")
    repository.git("merge", "-qm", "merged", "main")
    assert differences(diff_revisions("main", merge_base=True)) == changed("a.yaml"), "after a merge of the base"
    # Two merge bases: git takes the first that it finds.
    repository.git("branch", "other", "HEAD^2")
    repository.git("switch", "-q", "other")
    repository.git("merge", "-qm", "crossed", "topic^1", "--no-ff")
    repository.write({"c.yaml": net(23)})
    repository.commit()
    theirs = repository.git("diff", "--name-only", "topic...other").splitlines()
    assert [each.new for each in differences(diff_revisions("topic", "other", merge_base=True))] == theirs
    repository.git("switch", "-q", "--orphan", "alone")
    repository.write({"a.yaml": net()})
    repository.commit()
    with pytest.raises(shapecalc.ShapecalcError, match="no common ancestor") as caught:
        diff_revisions("main", merge_base=True)
    assert caught.value.exit_code == 2


def test_a_mistake_is_named_by_the_merge_base_in_which_it_is(repository: GitRepository) -> None:
    start(repository, {"a.yaml": net().replace("linear", "linaer")})
    ancestor = repository.git("rev-parse", "HEAD")
    repository.git("switch", "-qc", "topic")
    repository.write({"a.yaml": net()})
    repository.commit()
    repository.git("switch", "-q", "main")
    repository.git("rm", "-q", "a.yaml")
    repository.commit()
    (change,) = diff_revisions("main", "topic", merge_base=True).changes
    assert change.old_error is not None
    assert change.old_error.source is not None
    named = change.old_error.source.name
    assert named == f"{ancestor[:12]}:a.yaml"
    assert "linaer" in repository.git("show", named)
