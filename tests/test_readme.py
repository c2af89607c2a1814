"""The README cannot lie: its screens are what the commands print, its Python runs, its files mean what it says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import shapecalc

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BROKEN = """\
input: [N, 3, 224, 224]
layers:
  - max_pool: 32
  - flatten
  - linear: {in_features: 512, out_features: 10}
"""


def blocks(language: str) -> list[str]:
    return [found[2] for found in BLOCK.finditer(README.read_text(encoding="utf-8")) if found[1] == language]


def screens() -> list[str]:
    return [block for block in blocks("console") if block.startswith("$ ")]


def without_times(text: str) -> str:
    return re.sub(r"(?:below )?[\d.]+ m?s in kernels", "0.00 s in kernels", text)


def played(screen: str, folder: Path) -> str:
    """Run a screen's commands and return the screen as it should be."""
    lines = []
    for command in (line for line in screen.splitlines() if line.startswith("$ ")):
        words = shlex.split(command.removeprefix("$ shapecalc "))
        environment = {**os.environ, "PYTHONPATH": str(README.parent), "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(
            [sys.executable, "-m", "shapecalc", *words],
            capture_output=True,
            encoding="utf-8",
            cwd=folder,
            env=environment,
            check=False,
        )
        lines += [command, (done.stdout + done.stderr).rstrip("\n")]
    return "\n".join(lines) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "broken.yaml").write_text(BROKEN, encoding="utf-8")
    for block in blocks("yaml"):
        name = re.match(r"name: ([a-z]+)$", block, re.MULTILINE)
        if name is not None:  # others show the format, and are read by a test of their own
            (tmp_path / f"{name[1]}.yaml").write_text(block, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("screen", screens(), ids=lambda screen: screen.splitlines()[0].removeprefix("$ "))
def test_every_screen_is_what_the_command_prints(screen: str, folder: Path, request: pytest.FixtureRequest) -> None:
    real = played(screen, folder)
    if request.config.getoption("--update-cases"):
        text = README.read_text(encoding="utf-8")
        README.write_text(text.replace(f"```console\n{screen}```", f"```console\n{real}```"), encoding="utf-8")
    else:
        assert without_times(screen) == without_times(real)


def test_the_readme_shows_every_command() -> None:
    from shapecalc.cli import COMMANDS

    text = README.read_text(encoding="utf-8")
    assert [command for command in COMMANDS if f"`{command}" not in text and f"shapecalc {command}" not in text] == []


def test_its_python_runs() -> None:
    (code,) = blocks("python")[:1]
    names: dict[str, object] = {"x": np.zeros((2, 1, 32, 32), dtype=np.float32)}
    exec(code, names)
    assert names["proof"].ok  # type: ignore[attr-defined]


def test_its_file_is_met_by_what_it_expects() -> None:
    from shapecalc.checking.expect import unmet

    text = next(block for block in blocks("yaml") if block.startswith("name: LeNet-5"))
    assert unmet(shapecalc.inspect(shapecalc.loads(text))) == ()


def test_the_layer_it_adds_in_two_files_is_inspected_and_verified() -> None:
    what_it_is, what_it_does = blocks("python")[1:3]
    code = f"""
import numpy as np
import shapecalc
from shapecalc.layers.activation import Elementwise
from shapecalc.layers.base import layer
from shapecalc.reference.base import Array, Call, kernel

{what_it_is}

{what_it_does}

assert shapecalc.verify(shapecalc.loads("{{input: [N, 5], layers: [hardtanh]}}")).ok
"""
    # In a process of its own: a layer type is registered for good.
    subprocess.run([sys.executable, "-c", code], check=True, cwd=README.parent)
