"""`shapecalc` as a process of its own, in 1 GiB of addresses and ten seconds of a processor, which are measured."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
ADDRESSES = 1 << 30
SECONDS = 10
"""Of processor time; a process that takes six times as long by the clock is killed as well."""


_LAUNCH = f"""
import os, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]), int(sys.argv[1])))
resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
process = os.posix_spawn(sys.argv[3], sys.argv[3:], os.environ)
_, status, usage = os.wait4(process, 0)
os.write(int(sys.argv[2]), str(usage.ru_maxrss).encode())
code = os.waitstatus_to_exitcode(status)
os._exit(code if code >= 0 else 128 - code)
"""
"""A small process between: what Linux calls a process's peak begins with what its parent holds, here 8 MB."""


class Ended(NamedTuple):
    """What is left of a process: `peak` is the largest resident set, in bytes."""

    code: int
    out: bytes
    err: bytes
    seconds: float
    peak: int


def run(*arguments: str, folder: Path, stdin: bytes = b"") -> Ended:
    """Run `shapecalc` in a folder; a process that takes too long is killed, which its code says."""
    with (
        tempfile.TemporaryFile() as source,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        tempfile.TemporaryFile() as peak,
    ):
        source.write(stdin)
        source.seek(0)
        # The bound is set by a process of its own, and not between fork and exec, which is unsafe beside threads.
        launch = [sys.executable, "-I", "-S", "-c", _LAUNCH, str(ADDRESSES), str(peak.fileno())]
        start = time.perf_counter()
        process = subprocess.Popen(
            [*launch, sys.executable, "-m", "shapecalc", *arguments],
            stdin=source,
            stdout=out,
            stderr=err,
            cwd=folder,
            env=environment(),
            pass_fds=(peak.fileno(),),
            start_new_session=True,
        )
        timer = threading.Timer(6 * SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        try:
            code = process.wait()
        finally:
            timer.cancel()
        seconds = time.perf_counter() - start
        for file in (out, err, peak):
            file.seek(0)
        unit = 1 if sys.platform == "darwin" else 1024
        return Ended(code, out.read(), err.read(), seconds, int(peak.read() or b"0") * unit)


def environment() -> dict[str, str]:
    """The caller's environment without what changes colours and widths, and with this shapecalc."""
    unwanted = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM", "PYTHONIOENCODING", "LC_ALL", "GITHUB_ACTIONS")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    # OpenBLAS maps memory for a thread on each core, which on a large machine is more than the bound.
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": "xterm-256color", "OPENBLAS_NUM_THREADS": "1"}
