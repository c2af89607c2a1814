"""What all rows are made of: sides that run in turn, so that a machine whose speed drifts still gives a true ratio."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

THREADS = 2
"""Of every side, unless a row says otherwise."""
HERE = Path(__file__).resolve().parent.parent


class Settings(NamedTuple):
    """How a run of the suite goes: the peers' Python, how many rounds, and a folder for what the peers read."""

    peers: str
    rounds: int
    folder: Path


class Row(NamedTuple):
    """One line of the table: what was measured, on both sides, and ours as a share of the peer's.

    `met` is None where there is no target; `beside` is what else was measured in the same runs.
    """

    what: str
    ours: str
    peer: str
    theirs: str
    ratio: float
    target: str = ""
    met: bool | None = None
    beside: str = ""


Found = dict[str, Any]
"""What one run of one side found: `seconds`, and what else it measures."""


def in_turn(sides: Mapping[str, Callable[[], Found]], rounds: int, *, warm: int = 0) -> dict[str, list[Found]]:
    """Run each side once in every round, one after another; `warm` rounds before are not counted."""
    found: dict[str, list[Found]] = {name: [] for name in sides}
    for round_ in range(warm + rounds):
        for name, act in sides.items():
            result = act()
            if round_ >= warm:
                found[name].append(result)
    return found


def median(runs: Sequence[Found], what: str = "seconds") -> float:
    return statistics.median(run[what] for run in runs)


def ratio(ours: Sequence[Found], theirs: Sequence[Found], what: str = "seconds") -> float:
    """Return the median ratio of neighbours, runs of one round."""
    return statistics.median(one[what] / other[what] for one, other in zip(ours, theirs, strict=True))


def row(
    what: str, ours: Sequence[Found], peer: str, theirs: Sequence[Found], at_most: float | None = None, beside: str = ""
) -> Row:
    """Return a row of seconds; its target is a share of the peer's."""
    share = ratio(ours, theirs)
    target = f"≤ {share_written(at_most)}" if at_most else ""
    met = share <= at_most if at_most else None
    return Row(what, spoken(median(ours)), peer, spoken(median(theirs)), share, target, met, beside)


def process(command: Sequence[str], *, threads: int = THREADS) -> Callable[[], Found]:
    """Return what times a command as a whole process, its output read and thrown away."""

    def act() -> Found:
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=HERE, env=environment(threads))
        return {"seconds": time.perf_counter() - began}

    return act


def answer(python: str, module: str, *arguments: str, threads: int = THREADS) -> Callable[[], Found]:
    """Return what runs a module of this suite, which measures itself, in a process of its own and reads its answer."""
    command = [python, "-m", f"benchmarks.{module}", *arguments]

    def act() -> Found:
        done = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, text=True, cwd=HERE, env=environment(threads)
        )
        return json.loads(done.stdout.splitlines()[-1])

    return act


def ours(what: str, *arguments: str, threads: int = THREADS) -> Callable[[], Found]:
    return answer(sys.executable, "ours", what, *arguments, threads=threads)


def environment(threads: int) -> dict[str, str]:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(names, str(threads))}


def network_file(settings: Settings, name: str) -> str:
    """Return a file that has a network as plain values, for the peers to build their twins from."""
    path = settings.folder / f"{name}.json"
    if not path.exists():
        from benchmarks.networks import plain

        path.write_text(json.dumps(plain(name)), encoding="utf-8")
    return str(path)


def spoken(seconds: float) -> str:
    """Write seconds with three digits and a unit: `15.3 ms`."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}" if seconds < 1000 * size else f"{seconds / size:,.0f} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def share_written(share: float) -> str:
    """Write ours as a share of the peer's: below a half as a fraction, `1/13`."""
    return f"{share:.2f}" if share >= 0.5 else f"1/{1 / share:,.3g}" if share > 1e-3 else f"1/{1 / share:,.0f}"


def mib(size: float) -> str:
    return f"{size / 2**20:.0f} MiB" if size >= 10 * 2**20 else f"{size / 2**20:.1f} MiB"
