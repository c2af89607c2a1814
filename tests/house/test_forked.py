"""A process that a server forks is the one that a new interpreter would be."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import forked

if TYPE_CHECKING:
    from pathlib import Path

NET = b"input: [N, 3, 8, 8]\nlayers:\n  - conv: {out_channels: 4, kernel_size: 3}\n  - liner: 5\n"
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(forked.ROOT), "PYTHONUTF8": "1", **more}


def code(text: str, folder: Path, **more: Any) -> forked.Ended:
    return forked.run((), folder=folder, env=environment(), code=text, **more)


@pytest.mark.parametrize(
    ("command", "more"),
    [
        (["inspect", "lenet5"], {}),
        (["inspect", "lenet5"], {"FORCE_COLOR": "1"}),
        (["inspect", "lenet5"], ASCII),
        (["inspect", "net.yaml"], {}),
        (["inspect", "-"], {}),
        (["inspect", "lenet5", "--set", "N"], {"NO_COLOR": "1"}),
        (["verify", "none"], {}),
        (["lstm", "--input-size", "3", "--hidden-size", "4"], {}),
        (["inspekt"], {}),
        ([b"caf\xff\xe9"], {}),
    ],
    ids=repr,
)
def test_streams_and_exit_code_are_those_of_a_new_interpreter(
    command: list[str | bytes], more: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "net.yaml").write_bytes(NET)
    env = environment(**more)
    real = subprocess.run(
        [sys.executable, "-m", "shapecalc", *command],
        cwd=tmp_path, env=env, input=NET, capture_output=True, check=False,
    )  # fmt: skip
    found = forked.run(command, folder=tmp_path, env=env, stdin=NET)
    assert (found.code, found.out, found.err) == (real.returncode, real.stdout, real.stderr)
    assert found.out + found.err


def test_a_run_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    said = "import os, sys, shapecalc; print(hasattr(shapecalc, 'left'), os.environ.get('LEFT'), os.getcwd())"
    before = code(f"{said}; shapecalc.left = os.environ['LEFT'] = 'here'; os.chdir('/')", tmp_path)
    assert before.out == code(said, tmp_path).out == f"False None {tmp_path.resolve()}\n".encode()


def test_a_process_has_its_limits_its_signals_and_its_peak(tmp_path: Path) -> None:
    assert code("import os; os.abort()", tmp_path).code == -signal.SIGABRT
    assert code("while True: pass", tmp_path, limits={resource.RLIMIT_CPU: 1}).code == -signal.SIGKILL
    start = time.perf_counter()
    assert code("import time; time.sleep(60)", tmp_path, seconds=0.2).code == -signal.SIGKILL
    assert time.perf_counter() - start < 30
    small, large = (code(f"x = b'x' * {size}", tmp_path) for size in (1, 100_000_000))
    assert 10_000_000 < small.peak < 100_000_000 < large.peak
    refused = code("x = b'x' * (1 << 30)", tmp_path, limits={resource.RLIMIT_AS: 1 << 30})
    assert (refused.code, b"MemoryError" in refused.err) == (1, True)


def test_what_cannot_be_written_at_the_end_is_a_failure_as_ever(tmp_path: Path) -> None:
    assert code("import os; print('x'); os.close(1)", tmp_path).code == 120
