"""`shapecalc check` of a whole repository: a thousand files of the zoo's size, in time and in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.pairs import HERE, THREADS, Row, environment, in_turn, median, mib, process, row, spoken
from tests.support.repositories import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.pairs import Found, Settings

FILES = 1_000
FEW = 100
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
        found = in_turn({"many": _peak(check, many, jobs), "few": _peak(check, few, jobs)}, 1)
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


def _peak(check: list[str], folder: Path, jobs: int) -> Callable[[], Found]:
    """Return what runs a check, and measures the memory of the largest of its processes."""

    def act() -> Found:
        began = time.perf_counter()
        command = [*check, str(folder), "-j", str(jobs)]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=HERE, env=environment(THREADS))
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0
        return {"seconds": time.perf_counter() - began, "memory": used.ru_maxrss * 1024}

    return act
