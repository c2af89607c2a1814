"""The git command: run without a shell, without filters of the repository, with messages in English."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, NoReturn

from shapecalc.diagnostics import misuse

if TYPE_CHECKING:
    from pathlib import Path

# Git sets these for a hook, for the folder that it runs in; here the repository is that of the file.
_IGNORED = frozenset(
    {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE"}
    # Git refuses these together with names that are no patterns.
    | {"GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"}
)

# Messages of git are parsed, so they are in English; names are not patterns; git must not prompt for a password.
_ENVIRONMENT = {"LC_ALL": "C", "GIT_LITERAL_PATHSPECS": "1", "GIT_TERMINAL_PROMPT": "0"}

# A repository can name a program that git runs to list changed files.
_COMMAND = ("git", "-c", "core.fsmonitor=false")


def git(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder to its end; raise `ShapecalcError` SC001 (exit code 2) if there is no git or no folder."""
    try:
        return subprocess.run(  # noqa: S603 - no shell; a revision that looks like an option is refused
            [*_COMMAND, *words],
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        refuse_to_run(folder, error)


def start(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start git in a folder, with pipes to its input and from its output; raise as `git` does."""
    try:
        return subprocess.Popen(  # noqa: S603 - as above
            [*_COMMAND, *words],
            cwd=folder,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        refuse_to_run(folder, error)


def environment() -> dict[str, str]:
    """Return the environment of git: that of the caller without what changes its meaning."""
    return {name: value for name, value in os.environ.items() if name not in _IGNORED} | _ENVIRONMENT


def error_of(process: subprocess.CompletedProcess[bytes]) -> str:
    """Return what git said, in one line: the first one that it calls fatal, since it may have traced its own steps."""
    lines = process.stderr.decode("utf-8", "replace").splitlines()
    fatal = [line.removeprefix("fatal: ") for line in lines if line.startswith("fatal: ")]
    return next(iter(fatal or lines), f"exit code {process.returncode}")


def refuse(message: str, help_: str | None = None) -> NoReturn:
    """Raise `ShapecalcError` SC001 (exit code 2)."""
    raise misuse("SC001", message, help_) from None


def refuse_to_run(folder: Path, error: OSError) -> NoReturn:
    """Raise `ShapecalcError` SC001 for a git that cannot be run in a folder."""
    there = os.path.isdir(folder)  # noqa: PTH112 - a name may be too long for `Path.is_dir`
    refuse(
        f"git cannot be run: {(error.strerror or str(error)).lower()}" if there else f"`{folder}` is no folder",
        "old versions are read with git, which has to be installed" if there else None,
    )
