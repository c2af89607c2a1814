"""Completion by the shell, through the variables that bash, zsh and fish set, and once in bash itself."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

from shapecalc.cli import COMMANDS, app
from shapecalc.cli.completion import WORDS
from shapecalc.diagnostics.rules import codes
from shapecalc.files import zoo
from shapecalc.layers import layer_types
from shapecalc.layers.base import fields_of
from tests.cli.conftest import environment

if TYPE_CHECKING:
    from pathlib import Path

NET = """\
input: [N, 3, H, 32]
sizes: {H: 24}
parameters: {width: 8, deep: true}
layers:
  - conv: {out_channels: $width, kernel_size: 3}
    name: first
  - relu
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(NET, encoding="utf-8")
    (tmp_path / "broken.yaml").write_text("layers: [", encoding="utf-8")
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets/deep.yml").write_text(NET, encoding="utf-8")
    (tmp_path / "notes.txt").touch()


def offered(line: str) -> list[str]:
    """The words that fish is given for a line."""
    variables = {"_SHAPECALC_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    result = CliRunner().invoke(app, env={**variables, "_TYPER_COMPLETE_ARGS": line}, prog_name="shapecalc")
    assert (result.exit_code, result.stderr) == (0, ""), line
    return result.stdout.split()


def beginning(word: str, words: Any) -> list[str]:
    return [other for other in words if other.startswith(word)]


OFFERED: dict[str, list[str]] = {
    "shapecalc ": [*COMMANDS],
    "shapecalc in": ["inspect", "init", "instance-norm"],
    "shapecalc help tr": ["train-cost", "train"],
    "shapecalc nonsense ": [*COMMANDS],
    "shapecalc inspect resnet1": beginning("resnet1", zoo.names()),
    "shapecalc inspect net": ["net.yaml", "nets/deep.yml"],
    "shapecalc inspect nets/": ["nets/deep.yml"],
    "shapecalc inspect none/": [],
    "shapecalc diff lenet5 lenet5-": ["lenet5-1998"],
    "shapecalc show alexnet-": ["alexnet-torchvision"],
    "shapecalc init new.yaml --from vgg11_": ["vgg11_bn"],
    "shapecalc check n": ["nets", "net.yaml", "nets/deep.yml"],
    "shapecalc solve poo": ["pool"],
    "shapecalc inspect net.yaml --set ": [
        "H=24",
        "H=48",
        "N=1",
        "N=2",
        "width=8",
        "width=16",
        "deep=true",
        "deep=false",
    ],
    "shapecalc inspect net.yaml --set H=4": ["H=48"],
    "shapecalc inspect net.yaml --set N=8 --set w": ["width=8", "width=16"],
    "shapecalc inspect --set ": [],  # of no network
    "shapecalc inspect broken.yaml --set ": [],
    "shapecalc inspect none.yaml --set ": [],
    "shapecalc solve net.yaml --near ": ["H=24", "H=48", "N=1", "N=2"],
    "shapecalc inspect net.yaml --columns path,kernel": ["path,kernel_size"],
    "shapecalc inspect net.yaml --columns path,pa": [
        "path,params",
        "path,params%",
        "path,padding",
        "path,padding_mode",
    ],
    "shapecalc solve net.yaml --at ": ["first", "relu_1"],
    "shapecalc solve resnet50 --at layer1.": ["layer1.first", "layer1.rest"],
    "shapecalc solve net.yaml --unknown first.dil": ["first.dilation"],
    "shapecalc sweep net.yaml --by m": ["macs", "memory"],
    "shapecalc sweep net.yaml --pareto macs,par": ["macs,params"],
    "shapecalc check --select SC70": beginning("SC70", codes()),
    "shapecalc rule SC30": beginning("SC30", codes()),
    "shapecalc layers conv re": beginning("re", layer_types()),
    "shapecalc list mob": ["mobilenet_v2", "mobilenet_v3_large"],
    "shapecalc inspect net.yaml --format ma": ["markdown"],
    "shapecalc inspect net.yaml --params-as k": ["keras"],
    "shapecalc train mlp --data ": ["digits", "digits8", "text"],
    "shapecalc train-cost mlp --optimizer ": ["sgd", "momentum", "adam"],
    "shapecalc verify mlp --back": ["--backward"],
    "shapecalc inspect mlp --limit lay": ["layers=100000"],
    "shapecalc --v": ["--version"],
}


def test_each_place_is_offered_what_can_stand_there() -> None:
    for line, words in OFFERED.items():
        assert offered(line) == words, line
    assert set(beginning("first.", offered("shapecalc solve net.yaml --unknown first."))) == {
        f"first.{name}" for name in fields_of(layer_types()["conv"])
    }


def test_every_argument_is_completed_and_every_entry_of_the_table_is_used() -> None:
    group: Any = typer.main.get_command(app)
    unused, uncompleted = set(WORDS), set()
    with group.make_context("shapecalc", [COMMANDS[0]]) as context:
        for name in COMMANDS:
            for parameter in group.get_command(context, name).params:
                is_argument = parameter.param_type_name == "argument"
                names = (parameter.metavar or "").strip("[].").split("|") if is_argument else parameter.opts
                unused -= set(names)
                if is_argument and parameter.name != "numbers" and not set(names) & set(WORDS):
                    uncompleted.add((name, parameter.metavar))
    assert unused == set()
    assert uncompleted == {
        ("init", "FILE"),
        ("import", "FILE"),
        ("watch", "FILE"),
    }  # any file: the shell's own completion


def test_zsh_gets_its_arguments_and_falls_back_to_files() -> None:
    for line, printed in (
        ("shapecalc inspect lenet5-", "_arguments '*: :((\"lenet5-1998\"))'\n"),
        ("shapecalc init ", "_files\n"),
    ):
        variables = {"_SHAPECALC_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line}
        assert CliRunner().invoke(app, env=variables, prog_name="shapecalc").stdout == printed


def test_a_value_of_the_variable_that_no_shell_sets_changes_nothing(run) -> None:
    for value in ("", "1", "bash_complete", "complete_", "complete_csh"):
        assert run("version", env={"_SHAPECALC_COMPLETE": value}).out.startswith("shapecalc "), value


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_with_the_script_that_is_installed(tmp_path: Path) -> None:
    program = tmp_path / "bin/shapecalc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m shapecalc "$@"\n')
    program.chmod(0o755)
    rows = {
        ("shapecalc", "insp"): ["inspect"],
        ("shapecalc", "inspect", "net.yaml", "--set", "H"): ["H=24", "H=48"],
        ("shapecalc", "inspect", "net.yaml", "--set", "H", "="): ["24", "48"],  # as bash splits H=
        ("shapecalc", "inspect", "net.yaml", "--set", "H", "=", "4"): ["48"],
        ("shapecalc", "inspect", "net.yaml", "--format", "=", "js"): ["json"],
        ("shapecalc", "inspect", "net.yaml", "--columns", "path,fl"): ["path,flops"],
    }
    lines = ['eval "$(_SHAPECALC_COMPLETE=source_bash shapecalc)"']
    for words in rows:
        lines += [f"COMP_WORDS=({shlex.join(words)}) COMP_CWORD={len(words) - 1}", "_shapecalc_completion shapecalc"]
        lines += ['echo "${COMPREPLY[*]}"']
    variables = environment(PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    done = subprocess.run(
        ["bash", "--norc", "-c", "\n".join(lines)], capture_output=True, text=True, env=variables, check=True
    )
    assert done.stderr == ""
    assert [line.split() for line in done.stdout.splitlines()] == [*rows.values()]


def test_what_completion_does_not_need_is_not_imported(run) -> None:
    for line, unwanted in (
        ("shapecalc in", ("numpy", "rich", "yaml", "shapecalc.layers", "shapecalc.cli.inspect")),
        ("shapecalc inspect res", ("numpy", "rich", "yaml", "shapecalc.parser", "shapecalc.layers.conv")),
        ("shapecalc inspect --", ("numpy", "rich", "yaml", "shapecalc.parser", "shapecalc.layers.conv")),
        ("shapecalc inspect net.yaml --set ", ("numpy", "rich", "shapecalc.render.inspect", "shapecalc.checking")),
    ):
        variables = {
            "_SHAPECALC_COMPLETE": "complete_zsh",
            "_TYPER_COMPLETE_ARGS": line,
            "PYTHONPROFILEIMPORTTIME": "1",
        }
        ended = run(env=variables)
        imported = {row.rpartition("|")[2].strip() for row in ended.err.splitlines()}
        assert "shapecalc.cli.completion" in imported, ended
        assert imported & set(unwanted) == set(), line


def test_the_options_that_install_and_show_it_write_the_script(run, tmp_path: Path) -> None:
    variables = {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    for shell in ("bash", "zsh", "fish"):
        shown = run("--show-completion", shell, env=variables)
        assert (shown.code, f"_SHAPECALC_COMPLETE=complete_{shell}" in shown.out) == (0, True), shell
        assert run("--install-completion", shell, env=variables).code == 0
        installed = [path.read_text() for path in tmp_path.rglob("*shapecalc*") if path.is_file()]
        assert shown.out.strip() in [text.strip() for text in installed], shell
