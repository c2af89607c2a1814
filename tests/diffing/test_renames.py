"""Files that were renamed are those that git's own detection of renames pairs."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from shapecalc.diffing.renames import renames
from tests.support.git_repositories import GitRepository

if TYPE_CHECKING:
    from pathlib import Path


def test_renames_are_those_of_git(tmp_path: Path) -> None:
    draw = random.Random(19)
    for trial in range(6):
        files = {f"old/{name}.yaml": _text(draw) for name in range(5)}
        repository = GitRepository(tmp_path / str(trial), files)
        after = {}
        for path, text in files.items():
            changed = [line if draw.random() < 0.85 else _line(draw) for line in text.splitlines(keepends=True)]
            repository.git("rm", "-q", path)
            if draw.random() < 0.8:
                after[path.replace("old", f"new{draw.randrange(3)}")] = "".join(changed)
        after["new0/more.yaml"] = _text(draw)
        repository.write(after)
        repository.commit()
        said = repository.git("-c", "diff.renameLimit=0", "diff", "-M", "--name-status", "--diff-filter=R", "HEAD~1")
        theirs = dict(line.split("\t")[1:] for line in said.splitlines())
        ids = {path: repository.git("rev-parse", f"HEAD~1:{path}") for path in files}
        new_ids = {path: repository.git("rev-parse", f"HEAD:{path}") for path in after}
        both = {**files, **after}
        assert renames(ids, new_ids, lambda path, _, both=both: both[path].encode()) == theirs, trial


def _text(draw: random.Random) -> str:
    return "".join(_line(draw) for _ in range(40))


def _line(draw: random.Random) -> str:
    return f"  - conv: {{out_channels: {draw.randrange(10_000)}, kernel_size: {draw.randrange(10_000)}}}\n"


def test_the_same_contents_go_to_the_same_name_first() -> None:
    old, new = {"a/x.yaml": "1", "a/y.yaml": "1"}, {"b/y.yaml": "1", "b/x.yaml": "1", "b/z.yaml": "1"}
    assert renames(old, new, lambda *_: b"") == {"a/x.yaml": "b/x.yaml", "a/y.yaml": "b/y.yaml"}


def test_of_very_many_files_only_those_of_one_name_are_compared() -> None:
    old = {f"a/{number}.yaml": f"old{number}" for number in range(600)}
    new = {f"b/{number}.yaml": f"new{number}" for number in range(600)}
    pairs = renames(old, new, lambda path, _: f"{path.split('/')[1]}\nsame\n".encode())
    assert pairs == {path: path.replace("a/", "b/") for path in old}
