"""One set of options: a name means one thing, and every command has those that it can be expected to have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import typer

from shapecalc.cli import COMMANDS, app
from shapecalc.cli.groups import BY_HAND, LOSSES_BY_HAND
from shapecalc.cli.layer_command import offer
from shapecalc.layers import layer_type

if TYPE_CHECKING:
    from collections.abc import Iterator

SEVERAL_MEANINGS = {
    "--input": "`run` takes arrays, a calculator a shape",
    "--batch": "calculators and `train` have no file whose symbol it would set",
    "--format": "each command lists its own formats",
    "--dtype": "training needs a floating-point type, and `run` computes in one",
    "--set": "`sweep` takes several values of a name",
    "--max-memory": "`train-cost` finds the largest batch for it",
    "--run": "`decode` runs a loop, `check` a network",
    "--seed": "`train` draws more than weights and inputs",
    "--truncate": "`verify` truncates backward only",
    "--optimizer": "`train-cost` counts its state, `train` and `run` apply it",
    "--fail-on": "`diff` compares a change too",
    "--out": "the output of a window or of a network is solved for; of `linear` it is features",
    "--padding": "`conv-transpose` removes elements; `solve` takes one integer",
    "--backward": "`verify` checks gradients, calculators and `run` show them",
    "--all": "`verify` shows all rows, calculators the working of all elements",
    "--values": "`run` takes the steps that it shows in full; a recurrent layer has one",
    "--weights": "the weights of one recurrent layer have PyTorch's names, those of a network a path before it",
    **dict.fromkeys(("--loss", "--target", "--reduction"), "a recurrent layer has a loss of each step, and their sum"),
    **dict.fromkeys(("--kernel-size", "--stride", "--dilation"), "`solve` fixes one integer of its windows"),
}
"""Long names that mean another thing in some command, with the reason."""

WITHOUT_FILE = {"rule", "schema", "init", "list", "layers", "help", "version"}
CALCULATORS = {
    "conv",
    "pool",
    "conv-transpose",
    "linear",
    "embedding",
    "rnn",
    "lstm",
    "gru",
    "beam",
    *BY_HAND,
    *LOSSES_BY_HAND,
}
WORDS = {"similar", "analogy"}
READERS = {*COMMANDS} - WITHOUT_FILE - CALCULATORS - WORDS
"""Commands that read an architecture."""
WITHOUT_FORMAT = {"help", "version", "init", "schema", "watch"}
"""Commands that write a file of one format, or one text after the other."""


@pytest.fixture(scope="module")
def options() -> dict[str, dict[str, Any]]:
    group: Any = typer.main.get_command(app)
    with group.make_context("shapecalc", [COMMANDS[0]]) as parent:
        return {
            command: {
                name: parameter for parameter in group.get_command(parent, command).params for name in parameter.opts
            }
            for command in COMMANDS
        }


def is_a_field(command: str, name: str) -> bool:
    """Whether an option is a field of the layer that a command computes, which the layer describes."""
    layer = layer_type(offer(command).type) if command in BY_HAND else None
    return layer is not None and name.removeprefix("--").replace("-", "_") in layer.fields


def meanings(options: dict[str, dict[str, Any]]) -> Iterator[tuple[str, set[tuple[str, str]]]]:
    for name in sorted({name for own in options.values() for name in own if name.startswith("--")}):
        shown = [
            own[name]
            for command, own in options.items()
            if name in own and not own[name].hidden and not is_a_field(command, name)
        ]
        yield name, {(each.metavar, each.help) for each in shown}


def test_a_name_means_one_thing_or_there_is_a_reason(options: dict[str, dict[str, Any]]) -> None:
    several = {name for name, texts in meanings(options) if len(texts) > 1 and len(name) > len("--x")}
    assert several == {*SEVERAL_MEANINGS}


def test_every_command_that_reads_an_architecture_takes_the_same(options: dict[str, dict[str, Any]]) -> None:
    lacking = {
        (command, name)
        for command in READERS
        for name in ("--set", "--batch", "--limit", "--color")
        if name not in options[command]
    }
    whole = {(command, name) for command in ("show", "import") for name in ("--set", "--batch")}
    assert lacking == whole, "`show` and `import` print a file with its symbols and parameters"


def test_every_command_with_a_result_has_formats_and_a_file_for_it(options: dict[str, dict[str, Any]]) -> None:
    for command in {*COMMANDS} - WITHOUT_FORMAT:
        assert "--output" in options[command], command
        assert {"text", "json"} <= {*(options[command]["--format"].metavar or "").split("|")}, command
