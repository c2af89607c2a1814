"""The files of a revision and of the work tree have the ids and the contents that git gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diffing.git.objects import ObjectReader
from shapecalc.diffing.git.repository import repository_of
from shapecalc.diffing.git.snapshot import Revision, WorkTree
from tests.support.git_repositories import GitRepository

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"a.yaml": "a: 1\n", "deep/b c.yml": "b: 2\r\n", "deep/new\nline.yaml": "c: 3\n", "n.txt": "no", "é.yaml": "é"}


def test_ids_and_contents_are_those_of_git(tmp_path: Path) -> None:
    made = GitRepository(tmp_path, FILES)
    made.write({"untracked.yaml": "u", ".gitignore": "ignored.yaml", "ignored.yaml": "i"})
    (tmp_path / "a.yaml").unlink()
    (tmp_path / "link.yaml").symlink_to("n.txt")
    repository = repository_of(tmp_path, ".")
    with ObjectReader(tmp_path) as objects:
        then = Revision(repository, repository.commit("HEAD"), "HEAD", objects)
        now = WorkTree(repository, objects)
        before, after = then.identities((".yaml", ".yml")), now.identities((".yaml", ".yml"))
        assert set(before) == {"a.yaml", "deep/b c.yml", "deep/new\nline.yaml", "é.yaml"}
        assert set(after) == {*before, "untracked.yaml"} - {"a.yaml"}
        for path, identity in before.items():
            assert identity == made.git("rev-parse", f"HEAD:{path}"), path
            assert then.read(path) == FILES[path].encode()
        assert all(after.get(path, before[path]) == before[path] for path in before)
        assert now.read("a.yaml") is None
        assert then.identity("n.txt") == now.identity("n.txt") == now.identity("link.yaml") is not None
        assert then.identity("deep") is now.identity("deep") is None


def test_what_a_sparse_checkout_leaves_out_is_not_deleted(tmp_path: Path) -> None:
    made = GitRepository(tmp_path, {"kept/a.yaml": "a: 1\n", "left/b.yaml": "b: 2\n"})
    made.git("sparse-checkout", "set", "kept")
    assert not (tmp_path / "left").exists()
    repository = repository_of(tmp_path, ".")
    with ObjectReader(tmp_path) as objects:
        now = WorkTree(repository, objects)
        then = Revision(repository, repository.commit("HEAD"), "HEAD", objects)
        assert now.identities((".yaml",)) == then.identities((".yaml",))
        assert now.read("left/b.yaml") == b"b: 2\n"


def test_a_link_is_the_file_that_it_names(tmp_path: Path) -> None:
    made = GitRepository(tmp_path, {"lib/a.yaml": "a: 1\n"})
    (tmp_path / "lib/b.yaml").symlink_to("a.yaml")
    (tmp_path / "lib/c.yaml").symlink_to("c.yaml")
    made.commit()
    repository = repository_of(tmp_path, ".")
    with ObjectReader(tmp_path) as objects:
        then = Revision(repository, repository.commit("HEAD"), "HEAD", objects)
        assert "lib/b.yaml" not in then.identities((".yaml",))
        assert then.read("lib/b.yaml") == b"a: 1\n"
        assert then.read("lib/c.yaml") is None
