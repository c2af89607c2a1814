"""Ctrl-C ends a command quietly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import shapecalc

ROOT = Path(shapecalc.__file__).parent.parent


def interrupted(command: list[str], folder: Path, seconds: float) -> subprocess.CompletedProcess[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "shapecalc", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def test_ctrl_c_ends_a_run_quietly_with_130(tmp_path) -> None:
    steps = ", ".join("conv: {out_channels: 256, kernel_size: 3, padding: 1}" for _ in range(60))
    (tmp_path / "net.yaml").write_text(
        f"input: [N, 256, 64, 64]\nlayers: [{steps.replace('conv', '{conv').replace('}', '}}')}]\n"
    )
    ended = interrupted(["verify", "net.yaml", "--max-flops", "100T"], tmp_path, 1.5)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")


def test_ctrl_c_while_waiting_for_standard_input_ends_with_130() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "shapecalc", "inspect", "-"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"")
