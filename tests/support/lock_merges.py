"""Locks of small networks, and what git makes of merging them."""

from __future__ import annotations

import subprocess
from functools import cache
from typing import TYPE_CHECKING

from shapecalc.diffing.lock import Lock, entry_of, to_json
from shapecalc.version import __version__
from tests.support.locked_networks import report_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shapecalc.diffing.lock import Entry

STYLES = ((), ("--diff3",), ("--zdiff3",))


def network(width: int) -> str:
    """Return a network of some layers, all of which depend on its width."""
    return f"""\
name: net
input: [N, 8]
layers:
  - linear: {width}
    name: first
  - relu
  - linear: {width + 1}
  - relu
  - linear: 3
"""


@cache
def entry(width: int) -> Entry:
    return entry_of(report_of(network(width)))


def lock_text(widths: Mapping[str, int]) -> str:
    """Return the lock file of networks of these widths."""
    return to_json(Lock({key: entry(width) for key, width in widths.items()}, __version__))


def write_networks(folder: Path, widths: Mapping[str, int]) -> None:
    for key, width in widths.items():
        (folder / key).write_text(network(width), encoding="utf-8")


def merged(folder: Path, ours: str, base: str, theirs: str, style: tuple[str, ...] = ()) -> tuple[str, bool]:
    """Return the text that `git merge-file` makes of three, and whether it has conflicts."""
    names = ("ours", "base", "theirs")
    for name, text in zip(names, (ours, base, theirs), strict=True):
        (folder / name).write_bytes(text.encode())
    done = subprocess.run(["git", "merge-file", "-p", *style, *names], cwd=folder, capture_output=True, check=False)
    assert done.returncode < 128, done.stderr
    return done.stdout.decode(), done.returncode > 0


def git(folder: Path, *words: str, fails: bool = False) -> str:
    """Run git in a repository without the settings of this machine, and return what it prints."""
    who = ("-c", "user.name=n", "-c", "user.email=n@example.com", "-c", "commit.gpgsign=false")
    command = ["git", *who, "-c", "init.defaultBranch=main", "-c", "core.autocrlf=false", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout.decode()
