"""What both sides measure themselves by: seconds of a repeated act, and memory. The standard library alone."""

from __future__ import annotations

import re
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

STATUS = Path("/proc/self/status")


def seconds_of(act: Callable[[], object], *, budget: float = 1.0, fewest: int = 3, warm: int = 2) -> float:
    """Return the median seconds of an act repeated for `budget` seconds, after `warm` times that do not count."""
    for _ in range(warm):
        act()
    taken: list[float] = []
    while len(taken) < fewest or sum(taken) < budget:
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def resident() -> int:
    """Return the bytes of this process in memory now; where the system does not say, the most so far."""
    return _status("VmRSS")


def peak() -> int:
    """Return the most bytes that this process has had in memory.

    `getrusage` would give what the process that started this one had, if that was more.
    """
    return _status("VmHWM")


def _status(name: str) -> int:
    if STATUS.exists():
        found = re.search(rf"{name}:\s*(\d+) kB", STATUS.read_text(encoding="ascii"))
        if found:
            return int(found[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
