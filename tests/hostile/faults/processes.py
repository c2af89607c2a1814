"""A fault, the command that meets it, and what is promised of every process whatever it meets."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import subprocess
import sys
import termios
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import shapecalc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(shapecalc.__file__).parent.parent
NET = "input: [N, 1, 32, 32]\nlayers:\n  - conv: {out_channels: 2, kernel_size: 3}\n  - flatten\n  - linear: 10\n"
SECONDS = 60
"""After which a process counts as one that hangs, also on a busy machine."""

CODES = (0, 1, 2, 130, 141)
_UNWANTED = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM", "PYTHONIOENCODING", "LC_ALL", "PYTHONUTF8", "CI")
_UNWANTED += ("PYTHONUNBUFFERED", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY")
_MAIN = "import sys\nsys.argv[0] = 'shapecalc'\nfrom shapecalc.__main__ import main\nmain()\n"

LIKE_ANYONE = """
import ctypes, os
if os.geteuid() == 0:
    nothing_allowed = (ctypes.c_uint32 * 6)()
    assert ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), nothing_allowed) == 0
"""
"""Gives up what root may do beyond others, so that modes of files hold for it too: refusals are the system's."""


def nothing(folder: Path) -> None:
    """The folder stays empty."""


class Fault(NamedTuple):
    """One row: what is wrong, which command meets it, how that ends and a piece of what it says.

    `before` is Python that the process runs before the command, in the same process. `shell` stands behind the command
    where a shell is to start it: redirections, a pipe. A value of None takes a variable out of the environment.
    """

    name: str
    command: tuple[str | bytes, ...]
    code: int
    says: str = ""
    prepare: Callable[[Path], None] = nothing
    before: str = ""
    env: Mapping[str, str | bytes | None] = {}
    stdin: bytes | int = b""
    shell: str = ""

    def __str__(self) -> str:
        return self.name


class Ended(NamedTuple):
    """What is left of a process, and of the folder that it ran in."""

    code: int
    out: bytes
    err: bytes
    folder: Path

    @property
    def said(self) -> str:
        return self.out.decode("utf-8", "replace") + self.err.decode("utf-8", "replace")


def environment(more: Mapping[str, str | bytes | None]) -> dict[str, str | bytes]:
    """The caller's environment without what changes colours and widths, and with this shapecalc."""
    kept: dict[str, str | bytes | None] = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
    # What NumPy's threads reserve would make every limit of memory another one on every machine.
    kept |= {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": "xterm", "OPENBLAS_NUM_THREADS": "1", **more}
    return {name: value for name, value in kept.items() if value is not None}


def words(fault: Fault) -> list[str | bytes]:
    """Return the command line of a row."""
    start = ["-c", fault.before + "\n" + _MAIN] if fault.before else ["-m", "shapecalc"]
    return [sys.executable, *start, *fault.command]


def run(fault: Fault, folder: Path) -> Ended:
    """Run a row in a folder of its own."""
    fault.prepare(folder)
    command = words(fault)
    if fault.shell:
        command = ["bash", "-c", f'"$0" "$@" {fault.shell}', *command]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(fault.env),
        capture_output=True,
        timeout=SECONDS,
        check=False,
        **({"input": fault.stdin} if isinstance(fault.stdin, bytes) else {"stdin": fault.stdin}),
    )
    return Ended(done.returncode, done.stdout, done.stderr, folder)


def on_a_terminal(fault: Fault, folder: Path, rows: int = 24, columns: int = 80) -> tuple[int, bytes]:
    """Run a row under a terminal of its own; return its exit code and all that the terminal received."""
    fault.prepare(folder)
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))
    process = subprocess.Popen(
        words(fault), cwd=folder, env=environment(fault.env), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    received = b""
    with contextlib.suppress(OSError):  # EIO: the other side is gone
        while data := os.read(ours, 65536):
            received += data
    os.close(ours)
    return process.wait(SECONDS), received


def keeps_the_promise(ended: Ended, codes: tuple[int, ...] = CODES) -> None:
    """Hold a process to what is promised whatever happens: no traceback, a documented code, clean output."""
    assert "Traceback" not in ended.said, ended.said
    assert "Exception ignored" not in ended.said, ended.said
    assert ended.code in codes, (ended.code, ended.said)
    for stream in (ended.out, ended.err):
        unclean = {sign for sign in stream.decode("utf-8") if unicodedata.category(sign) == "Cc" and sign != "\n"}
        assert not unclean, (unclean, stream)


def ends_as_expected(fault: Fault, ended: Ended) -> None:
    """Hold a process to its row as well."""
    keeps_the_promise(ended)
    assert ended.code == fault.code, ended.said
    assert fault.says in ended.said, ended.said
