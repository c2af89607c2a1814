"""Commands as a user runs them: real processes in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

import shapecalc
from tests.support import forked

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(shapecalc.__file__).parent.parent


class Run(Protocol):
    """`shapecalc(*arguments)` in a folder of its own."""

    def __call__(
        self, *arguments: str, stdin: str | bytes = b"", env: Mapping[str, str] | None = None, shell: str = ""
    ) -> Ended: ...


class Ended:
    """What is left of a process: its exit code, and its streams as text."""

    def __init__(self, code: int, out: bytes, err: bytes) -> None:
        self.code = code
        self.bytes = out
        self.out = out.decode("utf-8", "replace")
        self.err = err.decode("utf-8", "replace")

    def __repr__(self) -> str:
        return f"exit code {self.code}\n{self.out}\n{self.err}"


def environment(**more: str) -> dict[str, str]:
    """The caller's environment without what changes colours and widths, and with this shapecalc."""
    unwanted = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM", "PYTHONIOENCODING", "LC_ALL", "PYTHONUTF8")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": "xterm-256color", **more}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def start(
        *arguments: str, stdin: str | bytes = b"", env: Mapping[str, str] | None = None, shell: str = ""
    ) -> Ended:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        variables = environment(**(env or {}))
        if not shell:
            ended = Ended(*forked.run(arguments, folder=tmp_path, env=variables, stdin=given, seconds=120)[:3])
        else:
            done = subprocess.run(
                ["bash", "-c", f'"$0" -m shapecalc {shell}', sys.executable],
                input=given,
                capture_output=True,
                cwd=tmp_path,
                env=variables,
                timeout=120,
                check=False,
            )
            ended = Ended(done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in ended.err, ended
        return ended

    return start
