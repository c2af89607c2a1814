"""Commands on a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import sys
from pathlib import Path

import shapecalc

ROOT = Path(shapecalc.__file__).parent.parent
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_a_terminal(arguments: list[str], columns: int, **env: str) -> str:
    """Run a command on a terminal of so many columns, and return what it wrote there."""
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - the child becomes the command
        os.environ.update({"COLUMNS": str(columns), "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **env})
        for name in {"NO_COLOR", "FORCE_COLOR"} - env.keys():
            os.environ.pop(name, None)
        os.execv(sys.executable, [sys.executable, "-m", "shapecalc", *arguments])
    written = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux says so where the other side has gone
            break
        if not part:
            break
        written += part
    os.close(terminal)
    os.waitpid(pid, 0)
    return written.decode().replace("\r\n", "\n")
