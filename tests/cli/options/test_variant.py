"""One function for commands that differ in a few options."""

from __future__ import annotations

import inspect
from typing import Annotated

import pytest
from typer import Option, Typer
from typer.testing import CliRunner

from shapecalc.cli.options.variant import variant

Length = Annotated[int, Option("--length", help="Cells.")]
Extra = Annotated[str, Option("--extra", help="One more.")]


def made(**own: object) -> Typer:
    def command(length: Length = 7, extra: str = "none") -> None:
        print(length, extra)

    app = Typer()
    app.command()(variant(command, "Print what is given.", **own))
    return app


@pytest.mark.parametrize(
    ("own", "words", "printed"),
    [
        ({}, "--length 3", "3 none"),
        ({"extra": Extra}, "--length 3 --extra more", "3 more"),
        ({"extra": Extra}, "", "7 none"),
    ],
)
def test_a_command_takes_the_shared_options_and_its_own(own: dict[str, object], words: str, printed: str) -> None:
    result = CliRunner().invoke(made(**own), words.split())
    assert (result.exit_code, result.stdout) == (0, f"{printed}\n")


def test_an_option_of_another_variant_is_unknown() -> None:
    assert CliRunner().invoke(made(), ["--extra", "more"]).exit_code == 2


def test_the_help_is_that_of_the_variant() -> None:
    def command(length: Length = 7, other: str | None = None) -> None:
        """Say something else."""

    assert inspect.getdoc(variant(command, "Print what is given.")) == "Print what is given."
    assert list(inspect.signature(command).parameters) == ["length"]
