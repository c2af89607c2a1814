"""Times two things in turn, so that a machine whose speed drifts still gives a true ratio."""

from __future__ import annotations

import statistics
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def in_turn(first: Callable[[], object], second: Callable[[], object], rounds: int = 15) -> tuple[float, float, float]:
    """Return the median seconds of both, and the median ratio of neighbours; one round before is not counted."""
    pairs = []
    for round_ in range(rounds + 1):
        taken = []
        for act in (first, second):
            began = time.perf_counter()
            act()
            taken.append(time.perf_counter() - began)
        if round_:
            pairs.append(taken)
    return (
        statistics.median(pair[0] for pair in pairs),
        statistics.median(pair[1] for pair in pairs),
        statistics.median(pair[0] / pair[1] for pair in pairs),
    )


def process(command: Sequence[str]) -> Callable[[], object]:
    """Return what runs a command as a whole process, its output read and thrown away."""
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def line(what: str, ours: float, peer: str, theirs: float, ratio: float, target: str) -> str:
    """Return a result as one line: milliseconds of both and the ratio."""
    return f"{what}: {ours * 1e3:.1f} ms against {peer} {theirs * 1e3:.1f} ms, ratio {ratio:.2f} (target {target})"
