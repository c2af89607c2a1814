"""A git repository: where it is, and which commits revisions name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from shapecalc.diffing.git.command import error_of, git, refuse

_FETCH = (
    "the clone is shallow: fetch the history of all branches first (`git fetch --unshallow origin "
    "'+refs/heads/*:refs/remotes/origin/*'`; actions/checkout: `fetch-depth: 0`)"
)


class Repository(NamedTuple):
    """A repository: the folder at its top, in which git runs; `bare` without a work tree, then the folder of git."""

    root: Path
    bare: bool
    algorithm: str = "sha1"
    """The hash of the ids of objects."""

    def commit(self, revision: str) -> str:
        """Return the id of the commit that a revision names.

        Raises `ShapecalcError` SC001 (exit code 2) if there is none, with what to fetch if the clone is shallow.
        """
        if not revision or revision.startswith("-") or "\0" in revision:
            refuse(f"`{revision}` is no git revision", "name a commit, a branch or a tag, such as `HEAD` or `main`")
        commit = self._commit(revision)
        if commit is None:
            help_text = _FETCH if self.shallow else "`git log --oneline --all` names some"
            if not git(self.root, "rev-list", "--all", "--max-count=1").stdout:
                help_text = "the repository has no commit yet"
            if self._commit(f"origin/{revision}") is not None:
                help_text = f"write `origin/{revision}`, which is there: `{revision}` is no branch of this clone"
            if ".." in revision:
                help_text = "name one revision; for `A...B`, `diff` has `--base A --head B --merge-base`"
            refuse(f"git knows no revision `{revision}`", help_text)
        return commit

    def merge_base(self, one: str, other: str) -> str:
        """Return the id of the best common ancestor of two commits; raise as `commit` does if there is none."""
        process = git(self.root, "merge-base", one, other)
        if process.returncode:
            refuse(
                "git knows no common ancestor of the two revisions",
                _FETCH if self.shallow else "compare them without `--merge-base`",
            )
        return process.stdout.decode().strip()

    @property
    def shallow(self) -> bool:
        """Whether the clone lacks a part of the history."""
        return git(self.root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"

    def relative(self, path: str) -> str:
        """Return a path relative to the root, with `/`; raise `ShapecalcError` SC001 for one outside of it.

        A link in a folder on the way is resolved, a link at the end is not.
        """
        relative = self._relative(path)
        if _is_outside(relative):
            refuse(f"`{path}` is not in the repository `{self.root}`")
        return relative

    def has(self, path: str) -> bool:
        """Return whether a path is in the repository, whether it exists or not."""
        return not _is_outside(self._relative(path))

    def _relative(self, path: str) -> str:
        folder, name = os.path.split(os.path.abspath(path))  # noqa: PTH100 - resolves `..` in text, as a shell shows it
        real = os.path.normpath(os.path.join(os.path.realpath(folder), name))  # noqa: PTH118
        return os.path.relpath(real, self.root).replace(os.sep, "/")

    def _commit(self, revision: str) -> str | None:
        process = git(self.root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        return None if process.returncode else process.stdout.decode().strip()


def _is_outside(relative: str) -> bool:
    return relative == ".." or relative.startswith("../")


def repository_of(folder: Path, name: str) -> Repository:
    """Return the repository of a folder; raise `ShapecalcError` SC001 (exit code 2) without one, about `name`."""
    process = git(folder, "rev-parse", "--show-object-format", "--is-bare-repository", "--show-toplevel")
    algorithm, _, rest = os.fsdecode(process.stdout).partition("\n")
    bare, _, root = rest.partition("\n")
    if bare == "true":
        process = git(folder, "rev-parse", "--absolute-git-dir")
        root = os.fsdecode(process.stdout)
    if process.returncode or not root:
        error = error_of(process)
        if "not a git repository" in error:
            refuse(f"`{name}` is in no git repository")
        said = process.stderr.decode("utf-8", "replace").splitlines()
        trust = next((f"if you trust it: `{line.strip()}`" for line in said if "--add safe.directory" in line), None)
        refuse(f"git cannot read the repository of `{name}`: {error}", trust)
    return Repository(Path(root.removesuffix("\n")), bare == "true", algorithm)
