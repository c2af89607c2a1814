"""The examples that end each command's help run in an empty folder."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shapecalc.cli import COMMANDS, app
from shapecalc.cli.groups import module_of
from tests.cli.conftest import environment

EXAMPLES = {name: module_of(name).EXAMPLES for name in COMMANDS}


def started(line: str) -> None:
    """Run `shapecalc …` or `shapecalc … > FILE` in this process."""
    command, _, file = line.partition(" > ")
    result = CliRunner().invoke(app, shlex.split(command.removeprefix("shapecalc ")), prog_name="shapecalc")
    assert result.exit_code == 0, f"{line}: {result.output} {result.exception}"
    assert result.stdout or "--output" in line, line
    if file:
        Path(file).write_text(result.stdout, encoding="utf-8")


def watched(line: str) -> None:
    """Run `shapecalc watch …` until its first table is complete, and end it with Ctrl-C."""
    command = [sys.executable, "-m", *line.split()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment()) as process:
        assert process.stdout is not None
        assert any("memory at float32" in shown for shown in process.stdout), line
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(20) in (130, -signal.SIGINT), line  # a shell shows both as 130


def test_every_command_has_two_examples_that_use_it_and_fit_80_columns() -> None:
    for name, examples in EXAMPLES.items():
        assert len(examples) >= 2, name
        assert len(set(examples)) == len(examples), name
        for line in examples:
            assert len(line) <= 78, line
            assert f"shapecalc {name}" in line or (name, line) in CHECKED, line


ORACLE = Path(__file__).parent.parent / "oracle"
MODELS = {"model.pt2": "torch_exports/residual.pt2", "model.onnx": "onnx_models/cnn.dynamo.onnx"}
"""The files that the examples of `import` read: nothing here writes one."""
CHECKED = {("lock", "shapecalc check net.yaml --locked"), ("version", "shapecalc --version")}
"""Examples that use what the command wrote, or are the same as the command."""


@pytest.mark.parametrize("part", range(3))
def test_the_examples_of_a_command_run_in_their_order_in_an_empty_folder(
    part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in COMMANDS[part::3]:
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.chdir(folder)
        for model, fixture in MODELS.items() if name == "import" else ():
            shutil.copy(ORACLE / fixture, model)
        for line in EXAMPLES[name]:
            for command in line.split(" && "):
                (watched if name == "watch" and "watch" in command else started)(command)


def test_this_test_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for line in ("shapecalc inspect net.yaml", "shapecalc conv 5 x", "shapecalc nonsense"):
        with pytest.raises(AssertionError):
            started(line)
