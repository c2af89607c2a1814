"""`check` and `diff --base` of a whole repository: a thousand files of the zoo's size, in time and in memory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.pairs import HERE, THREADS, Row, environment, in_turn, median, mib, process, row, spoken
from tests.support.git_repositories import GitRepository
from tests.support.repositories import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.pairs import Found, Settings

FILES = 1_000
FEW = 100
DIFFERENT = 10
MOST_SECONDS = 2.0
"""Beyond the time of one file."""
READ_ALL = """
import pathlib, sys, yaml

for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.yaml")):
    yaml.load(path.read_bytes(), yaml.CSafeLoader)
"""


def rows(settings: Settings) -> Iterator[Row]:
    """Time of all files beyond that of one, and the peak memory of many files against that of few."""
    many, few = settings.folder / "many", settings.folder / "few"
    write(many, FILES)
    write(few, FEW)
    check = [sys.executable, "-m", "shapecalc", "check"]
    sides = {
        "many": process([*check, str(many)]),
        "one": process([*check, "lenet5"]),
        "yaml": process([sys.executable, "-c", READ_ALL, str(many)]),
    }
    found = in_turn(sides, settings.rounds, warm=1)
    beyond = median(found["many"]) - median(found["one"])
    measured = row(
        f"`shapecalc check` of {FILES:,} files",
        found["many"],
        "PyYAML's C parser reads them, one process",
        found["yaml"],
        beside=f"{spoken(beyond)} beyond the check of one file, {os.cpu_count()} cores",
    )
    yield measured._replace(target=f"≤ {MOST_SECONDS:g} s beyond one file", met=beyond <= MOST_SECONDS)
    for jobs in (1, 2):
        found = in_turn(
            {side: _peak([*check, str(folder), "-j", str(jobs)]) for side, folder in (("many", many), ("few", few))}, 1
        )
        ours, theirs = median(found["many"], "memory"), median(found["few"], "memory")
        yield Row(
            f"peak memory of a process, `check -j {jobs}` of {FILES:,} files",
            mib(int(ours)),
            f"our own of {FEW} files",
            mib(int(theirs)),
            ours / theirs,
            "≤ 1.10",
            ours <= 1.1 * theirs,
        )

    yield from _of_differences(settings, many, few)


def _of_differences(settings: Settings, many: Path, few: Path) -> Iterator[Row]:
    """Time of a comparison in which ten networks differ beyond that of two networks, and its peak memory."""
    networks = [path.relative_to(few) for path in sorted(few.rglob("*.yaml")) if path.parent.name != "blocks"]
    for folder in (many, few):
        GitRepository(folder).commit()
        edited = (path for path in networks if _normalize(folder / path))
        assert len([path for path, _ in zip(edited, range(DIFFERENT), strict=False)]) == DIFFERENT
    diff = [sys.executable, "-m", "shapecalc", "diff"]
    base = [*diff, "--base", "HEAD", "--format", "json"]
    sides = {
        "many": process([*base, str(many)]),
        "two": process([*diff, "lenet5", "lenet5-1998", "--format", "json"]),
        "git": process(["git", "-C", str(many), "diff", "--stat", "HEAD"]),
    }
    found = in_turn(sides, settings.rounds, warm=1)
    beyond = median(found["many"]) - median(found["two"])
    measured = row(
        f"`shapecalc diff --base` of {FILES:,} files, {DIFFERENT} of which differ",
        found["many"],
        "`git diff --stat`",
        found["git"],
        beside=f"{spoken(beyond)} beyond the diff of two networks",
    )
    yield measured._replace(target=f"≤ {MOST_SECONDS:g} s beyond two networks", met=beyond <= MOST_SECONDS)
    found = in_turn({"many": _peak([*base, str(many)]), "few": _peak([*base, str(few)])}, 1)
    ours, theirs = median(found["many"], "memory"), median(found["few"], "memory")
    what = f"peak memory, `diff --base` of {FILES:,} files"
    yield Row(
        what, mib(int(ours)), f"our own of {FEW} files", mib(int(theirs)), ours / theirs, "≤ 1.10", ours <= 1.1 * theirs
    )


def _normalize(network: Path) -> bool:
    """Normalize the input of the first convolution of a network; return whether it has one."""
    text = network.read_text(encoding="utf-8")
    network.write_text(re.sub(r"^  - conv: ", r"  - batch_norm\n\g<0>", text, count=1, flags=re.MULTILINE), "utf-8")
    return network.read_text(encoding="utf-8") != text


def _peak(command: list[str]) -> Callable[[], Found]:
    """Return what runs a command, and measures the memory of the largest of its processes."""

    def act() -> Found:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=HERE, env=environment(THREADS))
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0
        return {"seconds": time.perf_counter() - began, "memory": used.ru_maxrss * 1024}

    return act
