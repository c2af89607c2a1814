"""`shapecalc` as a process of its own, in 1 GiB of addresses and ten seconds; what it took is measured."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
ADDRESSES = 1 << 20  # KiB
SECONDS = 10


class Ended(NamedTuple):
    """What is left of a process. `peak` is the largest resident set, in bytes.

    Linux counts what the starting process held at the fork as well: `peak` tells only where that is small.
    """

    code: int
    out: bytes
    err: bytes
    seconds: float
    peak: int


def run(*arguments: str, folder: Path, stdin: bytes = b"") -> Ended:
    """Run `shapecalc` in a folder; a process that takes longer than ten seconds is killed, and its code is -9."""
    # The shell sets the bound, and not a function between fork and exec: those are unsafe beside threads.
    command = ["sh", "-c", f'ulimit -v {ADDRESSES}; exec "$@"', "sh", sys.executable, "-m", "shapecalc", *arguments]
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        source.write(stdin)
        source.seek(0)
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=source, stdout=out, stderr=err, cwd=folder, env=environment(), start_new_session=True
        )
        timer = threading.Timer(SECONDS, process.kill)
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        finally:
            timer.cancel()
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        unit = 1 if sys.platform == "darwin" else 1024
        return Ended(process.returncode, out.read(), err.read(), seconds, usage.ru_maxrss * unit)


def environment() -> dict[str, str]:
    """The caller's environment without what changes colours and widths, and with this shapecalc."""
    unwanted = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM", "PYTHONIOENCODING", "LC_ALL", "GITHUB_ACTIONS")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    # OpenBLAS maps memory for a thread on each core, which on a large machine is more than the bound.
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": "xterm-256color", "OPENBLAS_NUM_THREADS": "1"}
