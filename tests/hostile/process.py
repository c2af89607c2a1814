"""`shapecalc` as a process of its own, in 1 GiB of addresses and a minute of a processor, which are measured."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support import forked

if TYPE_CHECKING:
    from tests.support.forked import Ended

ROOT = Path(__file__).parents[2]
ADDRESSES = 1 << 30
SECONDS = 60
"""Of processor time, so many that a slow machine fails no test: `python -m tests.hostile.test_commands` prints the
slowest. A process that takes six times as long by the clock is killed as well."""


def run(*arguments: str, folder: Path, stdin: bytes = b"") -> Ended:
    """Run `shapecalc` in a folder; a process that takes too long is killed, which its code says."""
    limits = {resource.RLIMIT_AS: ADDRESSES, resource.RLIMIT_CPU: SECONDS}
    more = {"seconds": 6 * SECONDS, "limits": limits, "loaded": forked.TO_CHECK}
    return forked.run(arguments, folder=folder, env=environment(), stdin=stdin, **more)


def environment() -> dict[str, str]:
    """The caller's environment without what changes colours and widths, and with this shapecalc."""
    unwanted = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM", "PYTHONIOENCODING", "LC_ALL", "GITHUB_ACTIONS")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    # OpenBLAS maps memory for a thread on each core, which on a large machine is more than the bound.
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": "xterm-256color", "OPENBLAS_NUM_THREADS": "1"}
