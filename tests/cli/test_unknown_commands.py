"""Words that are typed as commands and are none: each answer names what there is, and nothing that there is not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

from shapecalc.cli import COMMANDS, app
from shapecalc.cli.unknown_commands import answers, message
from shapecalc.files import zoo
from shapecalc.layers import layer_types

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


LED = {
    "flatten": "`flatten` is a layer, not a command; `shapecalc layers flatten` explains it",
    "max_pool": "`max_pool` is a layer, not a command; `shapecalc layers max_pool` explains it, `shapecalc pool`",
    "Conv2d": "`Conv2d` is not a command; the layer is `conv`; `shapecalc layers conv` explains it, `shapecalc conv`",
    "torch.nn.Linear": "the layer is `linear`; `shapecalc layers linear` explains it",
    "flattenn": "did you mean the layer `flatten`? `shapecalc layers flatten`",
    "MBConv": "no command `MBConv`; for a layer: use `conv` with `kernel_size: 1`",
    "norm": "`norm` is a layer, not a command; `shapecalc layers norm` explains it",
    "resnet": "`shapecalc list resnet` lists the names with it",
    "ResNet-50": "did you mean `shapecalc inspect resnet50`?",
    "lenet5": "write `shapecalc inspect lenet5`",
    "-": "write `shapecalc inspect -`",
    "net.yaml": "`net.yaml` is neither a command nor a file that exists",
    "SC301": "`SC301` is the code of a diagnostic, not a command; `shapecalc rule SC301` explains it",
    "sc301": "`shapecalc rule SC301` explains it",
    "SC999": "`shapecalc --help` lists the commands",
    "graph": "`shapecalc inspect ARCH --graph mermaid`",
    "forward": "`shapecalc run ARCH`",
    "receptive_field": "receptive fields are not computed",
    "inspec": "did you mean `inspect`?",
    "banana": "no command `banana`; `shapecalc --help` lists the commands",
    "": "`shapecalc --help` lists the commands",
}


def test_a_word_leads_to_what_there_is() -> None:
    for name, said in LED.items():
        assert said in "; ".join(message(name)), name


def test_help_of_a_word_says_the_same_as_the_word() -> None:
    for name in ("flatten", "SC301", "graph", "banana"):
        word, asked = (CliRunner().invoke(app, arguments) for arguments in ([name], ["help", name]))
        assert (word.exit_code, word.stderr) == (asked.exit_code, asked.stderr) == (2, asked.stderr)
        assert word.stderr == f"error: {message(name).error}\n  = help: {message(name).help}\n"


def test_every_answer_names_commands_and_options_that_exist() -> None:
    group: Any = typer.main.get_command(app)
    with group.make_context("shapecalc", [COMMANDS[0]]) as context:
        own = {option for parameter in group.get_params(context) for option in parameter.opts}
        for word, answer in answers().items():
            quoted = re.findall(r"`shapecalc ([^`]+)`", answer)
            assert quoted or "pip" in answer, word
            for name, *arguments in map(str.split, quoted):
                if name.startswith("--"):
                    assert name in own, answer
                    continue
                command = group.get_command(context, name)
                assert command is not None, answer
                options = {option for parameter in command.params for option in parameter.opts}
                assert {part for part in arguments if part.startswith("--")} <= options, answer


def test_no_answer_hides_a_command_a_layer_or_an_architecture() -> None:
    assert answers().keys() & {*COMMANDS, *layer_types(), *zoo.names()} == set()


def test_no_message_lists_the_commands_or_is_long() -> None:
    for name in (*answers(), *layer_types(), *LED, "x" * 9):
        error, help_ = message(name)
        assert sum(f" {command}," in help_ for command in COMMANDS) < 5, name
        assert len(error) - len(name) < 70, name
        assert len(help_) - len(name) < 150, name
