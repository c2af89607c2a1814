"""Both sides of a merge are those that were committed, whatever git has made of them in the work tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diffing.git.unmerged import unmerged_sides
from tests.support.git_repositories import GitRepository

if TYPE_CHECKING:
    from pathlib import Path


def test_both_sides_are_those_that_were_committed(tmp_path: Path) -> None:
    made = GitRepository(tmp_path, {"a b.json": "1\n2\n3\n", "deleted.json": "1\n", "merged.json": "1\n"})
    assert unmerged_sides(str(tmp_path / "a b.json"), 100) is None
    made.git("checkout", "-qb", "other")
    made.write({"a b.json": "1\ntheirs\n3\n", "deleted.json": "2\n"})
    made.commit()
    made.git("checkout", "-q", "main")
    made.write({"a b.json": "1\nours\n3\n"})
    (tmp_path / "deleted.json").unlink()
    made.commit()
    made.git("merge", "-q", "other", check=False)
    (tmp_path / "a b.json").write_text("edited\n")
    assert unmerged_sides(str(tmp_path / "a b.json"), 100) == (b"1\nours\n3\n", b"1\ntheirs\n3\n")
    assert unmerged_sides(str(tmp_path / "a b.json"), 3) == (b"1\nou", b"1\nth")
    assert unmerged_sides(str(tmp_path / "deleted.json"), 100) is None
    assert unmerged_sides(str(tmp_path / "merged.json"), 100) is None
    made.git("merge", "--abort")
    assert unmerged_sides(str(tmp_path / "a b.json"), 100) is None
    assert unmerged_sides(str(tmp_path.parent / "none.json"), 100) is None
