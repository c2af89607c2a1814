"""Git repositories for tests: made with the real git, without the configuration of this machine."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diffing.revisions import diff_revisions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shapecalc.diffing.revisions import NetworkChange, RevisionComparison

CONFIGURATION = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


class GitRepository:
    """A repository in a folder, with what a test does to it."""

    def __init__(self, folder: Path, files: Mapping[str, str | bytes] | None = None, *options: str) -> None:
        """Make a repository, with options of `git init`, with a first commit of files, on the branch `main`."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", *options)
        if files:
            self.write(files)
            self.commit("first")

    def git(self, *words: str, check: bool = True) -> str:
        """Run git in the folder, and return what it prints."""
        env = {**os.environ, **CONFIGURATION}
        ended = subprocess.run(["git", *words], cwd=self.folder, check=False, env=env, capture_output=True)
        assert not check or not ended.returncode, (words, ended.stderr.decode())
        return os.fsdecode(ended.stdout).strip()

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files, with the folders around them."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def commit(self, message: str = "change") -> str:
        """Commit everything, and return the id of the commit."""
        self.git("add", "-A")
        self.git("commit", "-qm", message, "--allow-empty")
        return self.git("rev-parse", "HEAD")


class Difference(NamedTuple):
    """What a test compares of one network that differs."""

    status: str
    old: str | None
    new: str | None
    through: tuple[str, ...] = ()
    codes: tuple[str, str] = ("", "")
    """The code of the first mistake on each side."""

    @property
    def mirrored(self) -> Difference:
        """The same with both sides swapped."""
        swapped = {"added": "deleted", "deleted": "added"}
        return Difference(
            swapped.get(self.status, self.status), self.new, self.old, self.through, (self.codes[1], self.codes[0])
        )


def differences(compared: RevisionComparison) -> list[Difference]:
    """Return what differs, in the order of the report."""
    return [_difference(change) for change in compared.changes]


def _difference(change: NetworkChange) -> Difference:
    old, new = (error.diagnostics[0].code if error else "" for error in (change.old_error, change.new_error))
    return Difference(change.status.value, change.old_path, change.new_path, change.through, (old, new))


def edited(repository: GitRepository, *, mirrored: bool = True) -> list[Difference]:
    """Return what differs between the last commit and the work tree, which is committed then.

    Asserts that the two commits differ in the same, and back in the opposite.
    """
    now = diff_revisions("HEAD")
    repository.commit()
    then = diff_revisions("HEAD~1", "HEAD")
    assert [each.totals for each in now.changes] == [each.totals for each in then.changes]
    assert (now.unchanged, now.without_effect, now.skipped) == (then.unchanged, then.without_effect, then.skipped)
    found = differences(now)
    assert found == differences(then)
    if mirrored:
        back = diff_revisions("HEAD", "HEAD~1")
        assert {each.mirrored for each in differences(back)} == set(found)
        totals = {(each.new_path, each.old_path): each.totals for each in back.changes}
        for change in now.changes:
            for one, other in zip(change.totals, totals[change.old_path, change.new_path], strict=True):
                assert (one.before, one.after) == (other.after, other.before), change.path
    return found
